/**
 * Reads the backup format that preceded age files. Signet no longer writes this format. A file contains a magic number, the
 * length of the header (4 bytes), the header in JSON, an HMAC over the preceding parts, and the records. The records are
 * compressed (RFC 1950) and encrypted with AES-256-GCM in chunks of 64 KiB. Each nonce contains the chunk number and a flag for
 * the last chunk. The keys are derived (HKDF-SHA-256) from the bytes before the HMAC and from a secret that is stored encrypted
 * in the header.
 */
import {
  constants,
  createDecipheriv,
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  privateDecrypt,
  scrypt,
  timingSafeEqual,
} from 'node:crypto'
import { ConfigurationError } from '../errors.ts'
import { damaged } from './damaged.ts'
import { parsePem, type BackupKey } from './key-files.ts'
import type { BackupHeader } from './records.ts'

/** The encrypted secret. Binary members are in base64. `recipient` is the SHA-256 of the recipient's SubjectPublicKeyInfo. */
type Lock =
  | {
      readonly kind: 'passphrase'
      readonly salt: string
      readonly logN: number
      readonly r: number
      readonly p: number
    }
  | {
      readonly kind: 'x25519' | 'p-256'
      readonly recipient: string
      /** SubjectPublicKeyInfo of the ephemeral key. */
      readonly ephemeral: string
    }
  | { readonly kind: 'rsa-oaep'; readonly recipient: string; readonly sealed: string }

type LegacyHeader = BackupHeader & { readonly lock: Lock }

const magic = Buffer.from('signet-backup-1\n')
const lengthBytes = 4
const macBytes = 32
const headerBytesMax = 65_536
const secretBytes = 32
/** Accepted scrypt parameters. This format fixes `r` and `p`, and limits the logarithm of N. */
const scryptCost = { logNMax: 20, r: 8, p: 1 } as const
const tagBytes = 16
const sealedChunkBytes = 65_536 + tagBytes

export interface LegacyContainer {
  readonly header: BackupHeader
  readonly usesPassphrase: boolean
  /** Combined length of the header and its HMAC, in bytes. The encrypted chunks follow the HMAC. */
  readonly length: number
  /** Derives the key that decrypts the chunks of the backup. Throws ConfigurationError if `key` cannot decrypt the backup. */
  deriveKey(key: BackupKey): Promise<Uint8Array>
}

/** Reads the header of a legacy backup file. Returns undefined if the file is in another format. */
export function readLegacyHeader(head: Buffer): LegacyContainer | undefined {
  if (!head.subarray(0, magic.length).equals(magic)) return undefined
  if (head.length < magic.length + lengthBytes) throw damaged('it is truncated')
  const headerLength = head.readUInt32BE(magic.length)
  const authenticatedLength = magic.length + lengthBytes + headerLength
  if (headerLength > headerBytesMax) throw damaged('the header is too long')
  if (head.length < authenticatedLength + macBytes) throw damaged('it is truncated')
  const authenticated = Buffer.from(head.subarray(0, authenticatedLength))
  const mac = Buffer.from(head.subarray(authenticatedLength, authenticatedLength + macBytes))
  const { lock, ...header } = parseHeader(authenticated.subarray(magic.length + lengthBytes))
  return {
    header,
    usesPassphrase: lock.kind === 'passphrase',
    length: authenticatedLength + macBytes,
    async deriveKey(key) {
      const secret = await openLock(lock, key)
      const salt = createHash('sha256').update(authenticated).digest()
      const derive = (label: string): Uint8Array =>
        new Uint8Array(hkdfSync('sha256', secret, salt, `signet backup ${label}`, secretBytes))
      const expected = createHmac('sha256', derive('header')).update(authenticated).digest()
      if (timingSafeEqual(expected, mac)) return derive('chunks')
      throw new ConfigurationError(
        lock.kind === 'passphrase'
          ? 'the backup cannot be decrypted: the passphrase is wrong, or the header is damaged'
          : 'the backup cannot be decrypted: the header is damaged',
      )
    },
  }
}

function parseHeader(json: Buffer): LegacyHeader {
  try {
    const header = JSON.parse(json.toString('utf8')) as LegacyHeader
    if (Number.isSafeInteger(header.schemaVersion) && isLock(header.lock)) return header
  } catch {
    // The `throw` statement below reports the malformed header.
  }
  throw damaged('the header cannot be read')
}

function isLock(lock: Lock): boolean {
  switch (lock.kind) {
    case 'passphrase':
      return (
        typeof lock.salt === 'string' &&
        [lock.logN, lock.r, lock.p].every((n) => Number.isInteger(n) && n > 0)
      )
    case 'x25519':
    case 'p-256':
      return typeof lock.ephemeral === 'string'
    case 'rsa-oaep':
      return typeof lock.sealed === 'string'
    default:
      return false
  }
}

async function openLock(lock: Lock, key: BackupKey): Promise<Uint8Array> {
  if (lock.kind === 'passphrase' && key.kind === 'passphrase')
    return passphraseSecret(key.passphrase, lock)
  if (lock.kind === 'passphrase' || key.kind === 'passphrase')
    throw new TypeError('the private key and the recipient must be of the same kind')
  const privateKey = parsePem('identity', key.text)
  const publicDer = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  if (createHash('sha256').update(publicDer).digest('base64') !== lock.recipient)
    throw new ConfigurationError(
      'the backup cannot be decrypted: it is encrypted for another recipient, not for this identity',
    )
  try {
    if (lock.kind === 'rsa-oaep') {
      const padding = constants.RSA_PKCS1_OAEP_PADDING
      const sealed = Buffer.from(lock.sealed, 'base64')
      return privateDecrypt({ key: privateKey, padding, oaepHash: 'sha256' }, sealed)
    }
    const der = Buffer.from(lock.ephemeral, 'base64')
    const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' })
    return diffieHellman({ privateKey, publicKey })
  } catch (cause) {
    throw damaged('the header was changed', cause)
  }
}

function passphraseSecret(
  passphrase: string,
  { salt, logN, r, p }: Extract<Lock, { kind: 'passphrase' }>,
): Promise<Uint8Array> {
  if (logN > scryptCost.logNMax || r !== scryptCost.r || p !== scryptCost.p)
    throw new ConfigurationError(
      'the backup is damaged: the header specifies a scrypt cost that Signet never used',
    )
  const N = 2 ** logN
  const options = { N, r, p, maxmem: 256 * N * r }
  return new Promise((resolve, reject) => {
    scrypt(
      passphrase.normalize('NFC'),
      Buffer.from(salt, 'base64'),
      secretBytes,
      options,
      (error, secret) => {
        if (error === null) resolve(secret)
        else reject(error)
      },
    )
  })
}

/**
 * Yields only authenticated bytes. Throws ConfigurationError if encrypted chunks were changed, removed, repeated or reordered.
 */
export async function* decryptLegacyChunks(
  key: Uint8Array,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  let number = 0
  let rest: Buffer = Buffer.alloc(0)
  for await (const bytes of source) {
    rest = Buffer.concat([rest, bytes])
    // A full chunk may be the last chunk of a file, so it is decrypted only when more bytes follow or the file ends.
    for (; rest.length > sealedChunkBytes; number += 1) {
      yield decryptChunk(key, rest.subarray(0, sealedChunkBytes), { number, isLast: false })
      rest = rest.subarray(sealedChunkBytes)
    }
  }
  yield decryptChunk(key, rest, { number, isLast: true })
}

function decryptChunk(
  key: Uint8Array,
  sealed: Buffer,
  { number, isLast }: { readonly number: number; readonly isLast: boolean },
): Buffer {
  if (sealed.length < tagBytes) throw damaged('it is truncated')
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(number, 5, 6)
  nonce[11] = isLast ? 1 : 0
  const end = sealed.length - tagBytes
  const decipher = createDecipheriv('aes-256-gcm', key, nonce)
  decipher.setAuthTag(sealed.subarray(end))
  const plaintext = decipher.update(sealed.subarray(0, end))
  try {
    decipher.final()
  } catch (cause) {
    throw damaged(`chunk ${number} was changed or truncated`, cause)
  }
  return plaintext
}
