/**
 * The private key of an offline root: PKCS #8 in PEM, encrypted with a passphrase as an age file. `age -d FILE` decrypts the key
 * without Signet.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { decrypt, encrypt, readAgeHeader } from '../backup/encryption.ts'
import { ConfigurationError } from '../errors.ts'
import type { KeyHandle, KeyStore } from '../keys/key-store.ts'
import { signMessage } from '../keys/sign-message.ts'
import { encodePem } from '../x509/pem.ts'

/** The handle of the root's key while a ceremony is running. */
export const rootKeyHandle: KeyHandle = 'ceremony:root'

/** A key store that contains a single key and cannot create others. */
export type SigningKeys = Pick<KeyStore, 'sign'>

export function signingKeys(key: KeyObject): SigningKeys {
  return { sign: (_handle, algorithm, message) => signMessage(key, algorithm, { message }) }
}

/** Imports a private key in PKCS #8 DER. */
export function importKey(pkcs8: Buffer): KeyObject {
  return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
}

export interface SealOptions {
  readonly passphrase: string
  /** Base-2 logarithm of the scrypt work factor. The default is the same as for backups. */
  readonly workFactor?: number | undefined
}

/** Encrypts a private key in PKCS #8 DER. */
export async function sealKey(
  pkcs8: Uint8Array,
  { passphrase, workFactor }: SealOptions,
): Promise<Uint8Array> {
  const pem = Buffer.from(encodePem('PRIVATE KEY', pkcs8))
  try {
    return await collect(encrypt({ kind: 'passphrase', passphrase }, single(pem), workFactor))
  } finally {
    pem.fill(0)
  }
}

/**
 * Decrypts a key file. Throws ConfigurationError for a wrong passphrase, a damaged file, and a key that does not belong to the
 * public key `subjectPublicKeyInfo` (DER). `path` identifies the key file in error messages.
 */
export async function openKey(
  file: Uint8Array,
  {
    passphrase,
    subjectPublicKeyInfo,
    path,
  }: {
    readonly passphrase: string
    readonly subjectPublicKeyInfo: Uint8Array
    readonly path: string
  },
): Promise<KeyObject> {
  const pem = await decryptKey(file, passphrase, path)
  try {
    const key = createPrivateKey({ key: pem, format: 'pem' })
    const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' })
    if (publicKey.equals(subjectPublicKeyInfo)) return key
  } catch {
    // The parser's error is omitted, because it could quote the key.
    throw new ConfigurationError(`${path} does not contain a private key in PEM`)
  } finally {
    pem.fill(0)
  }
  throw new ConfigurationError(`${path} is not the key of the root certificate`)
}

async function decryptKey(file: Uint8Array, passphrase: string, path: string): Promise<Buffer> {
  try {
    const header = readAgeHeader(Buffer.from(file))
    if (header === undefined) throw new ConfigurationError('the file is not an age file')
    return await collect(decrypt({ kind: 'passphrase', passphrase }, single(file)))
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    throw new ConfigurationError(
      `${path} cannot be decrypted: the passphrase is wrong, or the file is damaged`,
      { cause: error },
    )
  }
}

// oxlint-disable-next-line typescript/require-await -- the interface of encrypt is asynchronous
async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  const all = Buffer.concat(parts)
  for (const part of parts) part.fill(0)
  return all
}
