/**
 * The keys in the stand-in for AWS KMS. As in KMS, the keys can sign digests. Other libraries create the signatures, because
 * node:crypto cannot sign digests.
 */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  generateKeyPairSync,
  privateEncrypt,
  randomBytes,
  randomUUID,
  sign,
  type KeyObject,
} from 'node:crypto'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js'

export interface KmsTag {
  readonly TagKey: string
  readonly TagValue: string
}

/** Parameters of CreateKey. */
export interface KmsKeyOptions {
  readonly spec: string
  readonly usage: string
  readonly description: string
  readonly tags: readonly KmsTag[]
}

export type KmsKeyState = 'Enabled' | 'Disabled' | 'PendingDeletion'

/** A message with its message type. */
interface Typed {
  readonly type: string
  readonly message: Buffer
}

interface Pair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const curves = {
  ECC_NIST_P256: { name: 'prime256v1', curve: p256, algorithm: 'ECDSA_SHA_256', bytes: 32 },
  ECC_NIST_P384: { name: 'secp384r1', curve: p384, algorithm: 'ECDSA_SHA_384', bytes: 48 },
  ECC_NIST_P521: { name: 'secp521r1', curve: p521, algorithm: 'ECDSA_SHA_512', bytes: 64 },
} as const

const lattices = {
  ML_DSA_44: { name: 'ml-dsa-44', scheme: ml_dsa44 },
  ML_DSA_65: { name: 'ml-dsa-65', scheme: ml_dsa65 },
  ML_DSA_87: { name: 'ml-dsa-87', scheme: ml_dsa87 },
} as const

/** The part of DigestInfo that precedes the digest (RFC 8017 §9.2, note 1). */
const digestInfos: Readonly<Record<string, { readonly prefix: string; readonly bytes: number }>> = {
  RSASSA_PKCS1_V1_5_SHA_256: { prefix: '3031300d060960864801650304020105000420', bytes: 32 },
  RSASSA_PKCS1_V1_5_SHA_384: { prefix: '3041300d060960864801650304020205000430', bytes: 48 },
  RSASSA_PKCS1_V1_5_SHA_512: { prefix: '3051300d060960864801650304020305000440', bytes: 64 },
}

/** A KMS key. */
export class KmsKey {
  readonly id = randomUUID()
  readonly options: KmsKeyOptions
  readonly arn: string
  state: KmsKeyState = 'Enabled'
  readonly #pair: Pair | undefined
  readonly #symmetric = randomBytes(32)

  constructor(options: KmsKeyOptions, prefix: string) {
    this.options = options
    this.arn = `${prefix}${this.id}`
    this.#pair = pairOf(options.spec)
  }

  /** DER of SubjectPublicKeyInfo. */
  get publicKey(): Buffer {
    if (this.#pair === undefined) throw new Error('a symmetric key has no public key')
    return this.#pair.publicKey.export({ format: 'der', type: 'spki' })
  }

  /** Signing algorithms that the key supports. */
  get signingAlgorithms(): readonly string[] {
    const { spec } = this.options
    if (spec in curves) return [curves[spec as keyof typeof curves].algorithm]
    return spec.startsWith('RSA_') ? Object.keys(digestInfos) : ['ML_DSA_SHAKE_256']
  }

  /** Signs a message. Throws RangeError for a message type or length that the algorithm does not support. */
  sign(algorithm: string, type: string, message: Buffer): Uint8Array {
    const { spec } = this.options
    if (this.#pair === undefined) throw new RangeError('a symmetric key cannot sign')
    const { privateKey } = this.#pair
    if (spec in lattices)
      return signLattice(spec as keyof typeof lattices, privateKey, { type, message })
    requireLength({ type, message }, { type: 'DIGEST', length: digestBytes(algorithm) })
    if (spec in curves) {
      const { curve } = curves[spec as keyof typeof curves]
      const secret = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url')
      const options = { prehash: false, lowS: false, format: 'der', extraEntropy: true } as const
      return curve.sign(message, secret, options)
    }
    const info = Buffer.from(digestInfos[algorithm]?.prefix ?? '', 'hex')
    return privateEncrypt(
      { key: privateKey, padding: constants.RSA_PKCS1_PADDING },
      Buffer.concat([info, message]),
    )
  }

  /** Encrypts with AES-256-GCM, as a symmetric KMS key does. The ciphertext identifies the key. */
  encrypt(plaintext: Uint8Array, context: string): Buffer {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', this.#symmetric, nonce).setAAD(
      Buffer.from(context),
    )
    const text = Buffer.concat([cipher.update(plaintext), cipher.final()])
    return Buffer.concat([Buffer.from(this.id), nonce, cipher.getAuthTag(), text])
  }

  /** Decrypts a ciphertext. Throws if the ciphertext or the encryption context does not match. */
  decrypt(ciphertext: Buffer, context: string): Buffer {
    const body = ciphertext.subarray(this.id.length)
    const decipher = createDecipheriv('aes-256-gcm', this.#symmetric, body.subarray(0, 12))
      .setAAD(Buffer.from(context))
      .setAuthTag(body.subarray(12, 28))
    return Buffer.concat([decipher.update(body.subarray(28)), decipher.final()])
  }
}

function pairOf(spec: string): Pair | undefined {
  if (spec in curves)
    return generateKeyPairSync('ec', { namedCurve: curves[spec as keyof typeof curves].name })
  if (spec in lattices) return generateKeyPairSync(lattices[spec as keyof typeof lattices].name)
  const bits = /^RSA_(2048|3072|4096)$/.exec(spec)?.[1]
  return bits === undefined
    ? undefined
    : generateKeyPairSync('rsa', { modulusLength: Number(bits) })
}

function digestBytes(algorithm: string): number {
  const curve = Object.values(curves).find((each) => each.algorithm === algorithm)
  return curve?.bytes ?? digestInfos[algorithm]?.bytes ?? 0
}

function signLattice(
  spec: keyof typeof lattices,
  privateKey: KeyObject,
  { type, message }: Typed,
): Uint8Array {
  if (type === 'RAW') return sign(null, message, privateKey)
  requireLength({ type, message }, { type: 'EXTERNAL_MU', length: 64 })
  const { scheme } = lattices[spec]
  const { secretKey } = scheme.keygen(seedOf(privateKey))
  return scheme.internal.sign(message, secretKey, {
    externalMu: true,
    extraEntropy: randomBytes(32),
  })
}

/** The seed of an ML-DSA key: the last 32 bytes of its seed-only PKCS #8 (RFC 9881 §6). */
function seedOf(privateKey: KeyObject): Buffer {
  const { priv } = privateKey.export({ format: 'jwk' }) as { readonly priv?: string }
  return Buffer.from(priv ?? '', 'base64url')
}

function requireLength(
  { type, message }: Typed,
  { type: expected, length }: { readonly type: string; readonly length: number },
): void {
  if (type !== expected) throw new RangeError(`the message type must be ${expected}`)
  if (message.length !== length) throw new RangeError(`the message must have ${length} bytes`)
}

/** The canonical form of an encryption context. */
export function contextText(context: Readonly<Record<string, string>>): string {
  const entries = Object.entries(context).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(entries)).digest('hex')
}
