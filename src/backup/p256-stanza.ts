/**
 * Decryption of the age stanza `p256tag` (https://c2sp.org/age) with a P-256 key in PEM. The stanza uses HPKE in base mode (RFC
 * 9180) with DHKEM(P-256, HKDF-SHA256), HKDF-SHA256 and ChaCha20-Poly1305. The `age-encryption` library can write `p256tag`
 * stanzas, but needs a plugin to decrypt them.
 */
import {
  createDecipheriv,
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  type KeyObject,
} from 'node:crypto'
import type { Identity } from 'age-encryption'

const type = 'p256tag'
const info = Buffer.from('age-encryption.org/p256tag')
const shareBytes = 65
const bodyBytes = 32
const tagBytes = 16
const empty = Buffer.alloc(0)

export function p256Identity(privateKey: KeyObject): Identity {
  const { uncompressed, compressed } = p256Point(createPublicKey(privateKey))
  const recipientHash = createHash('sha256').update(compressed).digest().subarray(0, 4)
  return {
    unwrapFileKey(stanzas) {
      for (const { args, body } of stanzas) {
        const [name, tag, encoded = ''] = args
        const share = Buffer.from(encoded, 'base64')
        if (name !== type || share.length !== shareBytes || body.length !== bodyBytes) continue
        const expected = hmac(info, share, recipientHash).subarray(0, 4)
        if (tag !== expected.toString('base64').replace(/=+$/, '')) continue
        return open(body, sharedSecret(privateKey, share, uncompressed))
      }
      return null
    },
  }
}

/** Encodes the point of a public key as specified in SEC 1 §2.3.3. */
export function p256Point(publicKey: KeyObject) {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const [xBytes, yBytes] = [Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]
  const isOdd = ((yBytes.at(-1) ?? 0) & 1) === 1
  return {
    uncompressed: Buffer.concat([Buffer.of(4), xBytes, yBytes]),
    compressed: Buffer.concat([Buffer.of(isOdd ? 3 : 2), xBytes]),
  }
}

/** Performs the Decap operation of the KEM (RFC 9180 §4.1). Throws an error if `share` is not a point on the curve. */
function sharedSecret(privateKey: KeyObject, share: Buffer, recipient: Buffer): Buffer {
  const [x, y] = [share.subarray(1, 33), share.subarray(33)]
  const publicKey = createPublicKey({
    key: { kty: 'EC', crv: 'P-256', x: x.toString('base64url'), y: y.toString('base64url') },
    format: 'jwk',
  })
  const { extract, expand } = labeledHkdf(Buffer.from('KEM\0\u0010'))
  const prk = extract(empty, 'eae_prk', diffieHellman({ privateKey, publicKey }))
  return expand(prk, 'shared_secret', { context: Buffer.concat([share, recipient]), length: 32 })
}

/**
 * Performs the HPKE operation OpenBase with an empty `aad` (RFC 9180 §5.1, §5.2). Throws an error if the ciphertext is not
 * authentic.
 */
function open(body: Uint8Array, secret: Buffer): Uint8Array {
  const { extract, expand } = labeledHkdf(Buffer.from('HPKE\0\u0010\0\u0001\0\u0003'))
  const pskIdHash = extract(empty, 'psk_id_hash', empty)
  const infoHash = extract(empty, 'info_hash', info)
  const context = Buffer.concat([Buffer.of(0), pskIdHash, infoHash])
  const prk = extract(secret, 'secret', empty)
  const key = expand(prk, 'key', { context, length: 32 })
  const nonce = expand(prk, 'base_nonce', { context, length: 12 })
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: tagBytes })
  decipher.setAuthTag(body.subarray(-tagBytes))
  return Buffer.concat([decipher.update(body.subarray(0, -tagBytes)), decipher.final()])
}

/** Performs LabeledExtract and LabeledExpand (RFC 9180 §4). The output of LabeledExpand is limited to 32 bytes. */
function labeledHkdf(suite: Buffer) {
  const labeled = (label: string): Buffer =>
    Buffer.concat([Buffer.from('HPKE-v1'), suite, Buffer.from(label)])
  return {
    extract: (salt: Buffer, label: string, input: Buffer): Buffer =>
      hmac(salt, labeled(label), input),
    expand: (prk: Buffer, label: string, { context, length }: ExpandOptions): Buffer =>
      hmac(prk, Buffer.of(0, length), labeled(label), context, Buffer.of(1)).subarray(0, length),
  }
}

interface ExpandOptions {
  readonly context: Buffer
  readonly length: number
}

/** Performs HKDF-Extract and computes one block of HKDF-Expand (RFC 5869 §2). */
function hmac(key: Buffer, ...parts: readonly Buffer[]): Buffer {
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(part)
  return mac.digest()
}
