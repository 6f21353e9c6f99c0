/** Master key files that contain a ciphertext created by AWS KMS or by a PKCS #11 token. */
import { ConfigurationError } from '../errors.ts'
import { systemRandom, type Random } from '../random.ts'
import type { Config } from '../settings/config.ts'
import {
  fileKeyOf,
  generateMasterKey,
  isWrapped as isKmsFile,
  kmsOptionsOf,
  readOptions,
  unwrapMasterKey,
  wrapMasterKey,
  wrappingKeyOf,
  type FileKey as KmsFileKey,
  type KmsMasterKeyOptions,
} from './kms-master-key.ts'
import { tokenOf } from '../settings/keys-config.ts'
import {
  isTokenFile,
  unwrapWithToken,
  wrapWithToken,
  type TokenFileKey,
  type TokenMasterKeyOptions,
} from './token-master-key.ts'

/** The settings for keys that encrypt master key files. */
export interface WrappingOptions {
  readonly kms: KmsMasterKeyOptions
  readonly token: TokenMasterKeyOptions
}

/** The key that encrypts a master key file. */
export type FileKey =
  | { readonly kind: 'kms'; readonly key: KmsFileKey }
  | { readonly kind: 'token'; readonly key: TokenFileKey }

export const noWrapping: WrappingOptions = {
  kms: { arn: undefined, endpoint: undefined, random: systemRandom },
  token: { label: undefined, location: undefined },
}

/** Returns the options for master key encryption from a configuration. */
export function wrappingOf(
  config: Pick<Config, 'masterKeyKms' | 'masterKeyPkcs11' | 'keys' | 'dataDirectory'>,
): WrappingOptions {
  const token = { label: config.masterKeyPkcs11, location: tokenOf(config) }
  return { kms: kmsOptionsOf(config), token }
}

/** Returns the key that encrypts new master key files, or undefined if new files are not encrypted. */
export function newFileKey({ kms, token }: WrappingOptions): FileKey | undefined {
  const kmsKey = fileKeyOf(kms)
  if (kmsKey !== undefined) return { kind: 'kms', key: kmsKey }
  const { label, location } = token
  if (label === undefined || location === undefined) return undefined
  return { kind: 'token', key: { label, location } }
}

/** Returns the options for reading a master key file that is encrypted with any key of the same service or token. */
export function readingOptions(fileKey: FileKey | undefined): WrappingOptions {
  if (fileKey === undefined) return noWrapping
  return fileKey.kind === 'kms'
    ? { ...noWrapping, kms: readOptions(fileKey.key) ?? noWrapping.kms }
    : { ...noWrapping, token: { label: undefined, location: fileKey.key.location } }
}

/** Returns whether the content of a master key file is a ciphertext. */
export function isWrapped(content: string): boolean {
  return isKmsFile(content) || isTokenFile(content)
}

/** Throws ConfigurationError if the settings require an encrypted master key file but the file is not encrypted. */
export function requireConfigured(content: string, path: string, options: WrappingOptions): void {
  const { kms, token } = options
  const [setting, isExpected] =
    kms.arn === undefined
      ? ['--master-key-pkcs11', token.label === undefined || isTokenFile(content)]
      : ['--master-key-kms', isKmsFile(content)]
  if (isExpected) return
  if (!isWrapped(content))
    throw new ConfigurationError(
      `${setting}: the file ${path} contains an unencrypted master key; to encrypt the key, restore a backup into a new data folder with ${setting}`,
    )
  const place = isKmsFile(content) ? 'in AWS KMS' : 'in a PKCS #11 token'
  throw new ConfigurationError(
    `${setting}: the master key ${path} is encrypted with a key ${place}; omit the setting, or restore a backup into a new data folder with this setting`,
  )
}

/** Decrypts the content of a master key file. Throws ConfigurationError if the decryption fails. */
export async function unwrap(
  content: string,
  path: string,
  { kms, token }: WrappingOptions,
): Promise<{ readonly bytes: Uint8Array; readonly fileKey: FileKey }> {
  if (isTokenFile(content)) {
    const { bytes, key } = await unwrapWithToken(content, path, token)
    return { bytes, fileKey: { kind: 'token', key } }
  }
  const bytes = await unwrapMasterKey(content, path, kms)
  const key = { arn: wrappingKeyOf(content, path), endpoint: kms.endpoint }
  return { bytes, fileKey: { kind: 'kms', key } }
}

/** Encrypts a master key, and returns the content of the master key file. Throws ConfigurationError if the encryption fails. */
export function wrap(bytes: Uint8Array, fileKey: FileKey): Promise<string> {
  return fileKey.kind === 'kms'
    ? wrapMasterKey(bytes, fileKey.key.arn, { ...fileKey.key, random: systemRandom })
    : wrapWithToken(bytes, fileKey.key)
}

/**
 * Generates a master key, and returns the key together with the content of its file. If the file is encrypted with KMS, KMS
 * generates the key. Throws ConfigurationError if a request fails.
 */
export async function generateWrapped(
  fileKey: FileKey,
  { bytesOf, random }: { readonly bytesOf: () => Uint8Array; readonly random: Random },
): Promise<{ readonly bytes: Uint8Array; readonly content: string }> {
  if (fileKey.kind === 'kms') return generateMasterKey(fileKey.key.arn, { ...fileKey.key, random })
  const bytes = bytesOf()
  return { bytes, content: await wrap(bytes, fileKey) }
}
