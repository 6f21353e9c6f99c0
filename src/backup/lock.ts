/**
 * What a backup is locked with: a passphrase (scrypt, RFC 7914), or the public key of a recipient (X25519 or P-256 with an
 * ephemeral key, or RSA-OAEP). Each leads to a secret of 32 octets, from which the keys of one file are derived.
 */
import {
  constants,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  scrypt,
  type KeyObject,
} from 'node:crypto'
import { ConfigurationError } from '../errors.ts'
import type { Random } from '../random.ts'

/** In the header of a backup, in clear. Bytes are base64; `recipient` is the SHA-256 of the SubjectPublicKeyInfo. */
export type Lock =
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
      /** SubjectPublicKeyInfo. */
      readonly ephemeral: string
    }
  | { readonly kind: 'rsa-oaep'; readonly recipient: string; readonly sealed: string }

export interface Locked {
  readonly lock: Lock
  /** 32 octets, known to those only who can open the lock. */
  readonly secret: Uint8Array
}

/** What a backup is opened with. */
export type Opener =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'identity'; readonly pem: string }

const secretBytes = 32
const saltBytes = 32
/** 128 MB and about half a second for each guess. */
const cost = { logN: 17, r: 8, p: 1 } as const
/** More than this is not asked of us by a file of ours. */
const logNMax = 20
const rsaBitsMin = 2048

export async function lockWithPassphrase(passphrase: string, random: Random): Promise<Locked> {
  const salt = random.bytes(saltBytes)
  const lock = { kind: 'passphrase', salt: base64(salt), ...cost } as const
  return { lock, secret: await secretOf(passphrase, lock) }
}

/** Throws ConfigurationError for a key that is of no kind that can be a recipient's. */
export function lockForRecipient(pem: string, random: Random): Locked {
  const key = readKey('recipient', () => createPublicKey(requireNoPrivateKey(pem)))
  const recipient = fingerprintOf(key)
  const kind = kindOf(key)
  if (kind === 'rsa-oaep') {
    const secret = random.bytes(secretBytes)
    return { lock: { kind, recipient, sealed: base64(publicEncrypt(oaep(key), secret)) }, secret }
  }
  const { publicKey, privateKey } =
    kind === 'x25519'
      ? generateKeyPairSync('x25519')
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ephemeral = base64(publicKey.export({ format: 'der', type: 'spki' }))
  return {
    lock: { kind, recipient, ephemeral },
    secret: diffieHellman({ privateKey, publicKey: key }),
  }
}

/** Throws ConfigurationError if that is not what the lock was made for. A wrong passphrase is found later. */
export async function openLock(lock: Lock, opener: Opener): Promise<Uint8Array> {
  if (lock.kind === 'passphrase') {
    if (opener.kind === 'passphrase') return secretOf(opener.passphrase, lock)
    throw new ConfigurationError('the backup is locked with a passphrase, not for an identity')
  }
  if (opener.kind === 'passphrase')
    throw new ConfigurationError('the backup is locked for a recipient: name an --identity')
  const privateKey = readKey('identity', () => createPrivateKey(opener.pem))
  if (fingerprintOf(createPublicKey(privateKey)) !== lock.recipient)
    throw new ConfigurationError('the backup is locked for another recipient than this identity')
  return readKey('identity', () =>
    lock.kind === 'rsa-oaep'
      ? privateDecrypt(oaep(privateKey), Buffer.from(lock.sealed, 'base64'))
      : diffieHellman({
          privateKey,
          publicKey: createPublicKey({
            key: Buffer.from(lock.ephemeral, 'base64'),
            format: 'der',
            type: 'spki',
          }),
        }),
  )
}

type PassphraseLock = Extract<Lock, { kind: 'passphrase' }>

function secretOf(passphrase: string, { salt, logN, r, p }: PassphraseLock): Promise<Uint8Array> {
  if (logN > logNMax || r !== cost.r || p !== cost.p)
    throw new ConfigurationError('the backup asks for a cost of scrypt that no backup of ours has')
  const N = 2 ** logN
  const options = { N, r, p, maxmem: 256 * N * r }
  return new Promise((resolve, reject) => {
    // As it is typed on one machine and another (RFC 8265 §4.2.2).
    const text = passphrase.normalize('NFC')
    scrypt(text, Buffer.from(salt, 'base64'), secretBytes, options, (error, secret) => {
      if (error === null) resolve(secret)
      else reject(error)
    })
  })
}

function kindOf(key: KeyObject): Exclude<Lock['kind'], 'passphrase'> {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (type === 'x25519') return type
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return 'p-256'
  if (type === 'rsa' && (details?.modulusLength ?? 0) >= rsaBitsMin) return 'rsa-oaep'
  throw new ConfigurationError(
    `the key of the recipient must be X25519, P-256 or RSA of at least ${rsaBitsMin} bits`,
  )
}

function oaep(key: KeyObject) {
  return { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
}

function fingerprintOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('base64')
}

/** Node.js would take the public half of it; it should not lie about on the machine that makes backups. */
function requireNoPrivateKey(pem: string): string {
  if (pem.includes('PRIVATE KEY'))
    throw new ConfigurationError('the recipient must be a public key, and this is a private one')
  return pem
}

/** Never says what was in the file. */
function readKey<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    throw new ConfigurationError(`the ${what} is not a key in PEM that can be used`, {
      cause: error,
    })
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
