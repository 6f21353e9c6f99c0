/**
 * Envelope encryption of the master key with a PKCS #11 token. The master key file contains a ciphertext that only a key in the
 * token can decrypt.
 */
import { ConfigurationError } from '../errors.ts'
import { openTokenClient } from '../keys/pkcs11/client.ts'
import type { TokenLocation } from '../keys/pkcs11/connection.ts'
import { TokenFailure } from '../keys/pkcs11/failure.ts'
import type { TokenCall, TokenResults } from '../keys/pkcs11/requests.ts'
import {
  wrapMechanisms,
  type WrapMechanism,
  type WrappedValue,
} from '../keys/pkcs11/wrapping-key.ts'

/** Settings for the encryption of the master key with a key in a PKCS #11 token. */
export interface TokenMasterKeyOptions {
  /**
   * CKA_LABEL of the key that `--master-key-pkcs11` specifies. The option is not needed if an existing master key file names its
   * token key.
   */
  readonly label: string | undefined
  /** Location of the token, or undefined if no token is configured. */
  readonly location: TokenLocation | undefined
}

/** The token key that encrypts a master key file. */
export interface TokenFileKey {
  readonly label: string
  readonly location: TokenLocation
}

interface TokenFile extends WrappedValue {
  readonly token: string
  readonly label: string
}

const keyBytes = 32
const prefix = 'signet-master-key-pkcs11-1:'
/** The mechanism, the ciphertext, and the percent-encoded labels of the token and the key. */
const form =
  /^signet-master-key-pkcs11-1:([a-z0-9-]{1,20}):([A-Za-z0-9+/]{1,2048}={0,2}):pkcs11:token=([^;\s]{1,200});object=([^;\s]{1,800})\n?$/

/** Returns whether a master key file contains a ciphertext from a PKCS #11 token. */
export function isTokenFile(content: string): boolean {
  return content.startsWith(prefix)
}

/**
 * Decrypts the content of a master key file, and returns the master key together with the token key that encrypts it. Throws
 * ConfigurationError if the decryption fails.
 */
export async function unwrapWithToken(
  content: string,
  path: string,
  options: TokenMasterKeyOptions,
): Promise<{ readonly bytes: Uint8Array; readonly key: TokenFileKey }> {
  const { token, label, mechanism, ciphertext } = parseContent(content, path)
  const { location } = options
  const name = `the key '${label}' of the PKCS #11 token '${token}'`
  if (location?.token !== token)
    throw new ConfigurationError(
      `the master key ${path} is encrypted with ${name}; specify this token with --pkcs11-module, --pkcs11-token and --pkcs11-pin-file`,
    )
  if (options.label !== undefined && options.label !== label)
    throw new ConfigurationError(
      `--master-key-pkcs11: the master key ${path} is encrypted with ${name}, not with '${options.label}'; specify the key that encrypts the file, or omit the setting`,
    )
  const key = { label, location }
  const wrapped = { mechanism, ciphertext }
  const bytes = await call(key, { kind: 'unwrap', label, wrapped }, `${path} cannot be decrypted`)
  if (bytes.length !== keyBytes)
    throw new ConfigurationError(
      `the master key ${path}: ${name} returned ${bytes.length} bytes instead of a key of ${keyBytes} bytes`,
    )
  return { bytes, key }
}

/**
 * Encrypts a master key with a token key, and returns the content of the master key file. Throws ConfigurationError if the
 * encryption fails.
 */
export async function wrapWithToken(bytes: Uint8Array, key: TokenFileKey): Promise<string> {
  const { label, location } = key
  const value = Uint8Array.from(bytes)
  const action = 'the master key cannot be encrypted'
  const { mechanism, ciphertext } = await call(key, { kind: 'wrap', label, value }, action)
  value.fill(0)
  const base64 = Buffer.from(ciphertext).toString('base64')
  const uri = `pkcs11:token=${encodeURIComponent(location.token)};object=${encodeURIComponent(label)}`
  return `${prefix}${mechanism}:${base64}:${uri}\n`
}

/** Throws ConfigurationError unless the token key can both encrypt and decrypt. */
export async function requireUsableTokenKey(key: TokenFileKey): Promise<void> {
  await wrapWithToken(new Uint8Array(keyBytes), key)
}

async function call<Kind extends 'wrap' | 'unwrap'>(
  { label, location }: TokenFileKey,
  request: Extract<TokenCall, { readonly kind: Kind }>,
  action: string,
): Promise<TokenResults[Kind]> {
  const client = openTokenClient(location)
  try {
    return await client.call<Kind>(request)
  } catch (error) {
    if (!(error instanceof TokenFailure)) throw error
    throw new ConfigurationError(
      `--master-key-pkcs11: the key '${label}' in the token '${location.token}': ${action}: ${error.message}${advice[error.kind] ?? ''}`,
      { cause: error },
    )
  } finally {
    await client.close()
  }
}

const advice: Partial<Record<TokenFailure['kind'], string>> = {
  unavailable: '; the server starts when the token can be used',
  'not-found': '; create an AES-256 or RSA key with this label in the token',
}

function parseContent(content: string, path: string): TokenFile {
  const [, mechanism, base64 = '', token = '', label = ''] = form.exec(content) ?? []
  const ciphertext = Buffer.from(base64, 'base64')
  if (!isMechanism(mechanism) || ciphertext.toString('base64') !== base64) throw damaged(path)
  try {
    return {
      mechanism,
      ciphertext: Uint8Array.from(ciphertext),
      token: decodeURIComponent(token),
      label: decodeURIComponent(label),
    }
  } catch {
    throw damaged(path)
  }
}

function isMechanism(text: string | undefined): text is WrapMechanism {
  return wrapMechanisms.some((mechanism) => mechanism === text)
}

function damaged(path: string): ConfigurationError {
  return new ConfigurationError(
    `the master key ${path} is damaged; restore this file from a copy, because no other key decrypts the database`,
  )
}
