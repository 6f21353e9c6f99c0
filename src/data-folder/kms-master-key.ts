/**
 * Envelope encryption of the master key with AWS KMS. The master key file contains a ciphertext that only a key in KMS can
 * decrypt.
 */
import type { ServiceInputTypes, ServiceOutputTypes } from '@aws-sdk/client-kms'
import { ConfigurationError } from '../errors.ts'
import { parseKeyArn, type KeyArn } from '../keys/kms/key-arn.ts'
import { createKms, type KmsRequest } from '../keys/kms/kms-client.ts'
import { KmsError } from '../keys/kms/kms-error.ts'
import { systemRandom, type Random } from '../random.ts'
import type { Config } from '../settings/config.ts'

/** Settings for the encryption of the master key with AWS KMS. */
export interface KmsMasterKeyOptions {
  /**
   * The symmetric KMS key that `--master-key-kms` specifies. The option is not needed if an existing master key file names its
   * KMS key.
   */
  readonly arn: KeyArn | undefined
  /** Endpoint of the KMS service, or undefined for AWS KMS. */
  readonly endpoint: string | undefined
  readonly random: Random
}

/** A KMS key that encrypts a master key file, and the service that holds the KMS key. */
export interface FileKey {
  readonly arn: KeyArn
  /** Endpoint of the KMS service, or undefined for AWS KMS. */
  readonly endpoint: string | undefined
}

/** A master key and the content of its file. */
export interface WrappedMasterKey {
  readonly bytes: Uint8Array
  readonly content: string
}

const keyBytes = 32
/** Maximum length of an encrypted master key file, in bytes. A KMS ciphertext is at most 6144 bytes long. */
export const wrappedFileBytesMax = 9000
const prefix = 'signet-master-key-kms-1:'
const form = /^signet-master-key-kms-1:([A-Za-z0-9+/]{1,8192}={0,2}):(arn:[\x21-\x7E]{1,256})\n?$/

/**
 * Returns the parameters that every encryption and decryption request contains. KMS authenticates and logs the encryption
 * context, so a ciphertext created for another purpose cannot replace the master key.
 */
function parametersOf(arn: KeyArn) {
  return { KeyId: arn.text, EncryptionContext: { signet: 'master-key' } }
}

/** Returns the KMS options from a configuration. */
export function kmsOptionsOf({
  masterKeyKms,
  keys,
}: Pick<Config, 'masterKeyKms' | 'keys'>): KmsMasterKeyOptions {
  return { arn: masterKeyKms, endpoint: keys.kms.endpoint, random: systemRandom }
}

/** Returns the KMS key that encrypts new master key files, or undefined if new files are not encrypted. */
export function fileKeyOf(options: KmsMasterKeyOptions | undefined): FileKey | undefined {
  return options?.arn && { arn: options.arn, endpoint: options.endpoint }
}

/** Returns the options for reading a master key file that is encrypted with any key of the KMS service. */
export function readOptions(key: FileKey | undefined): KmsMasterKeyOptions | undefined {
  return key && { arn: undefined, endpoint: key.endpoint, random: systemRandom }
}

/** Returns the KMS key that a master key file refers to. Throws ConfigurationError if the file is damaged. */
export function wrappingKeyOf(content: string, path: string): KeyArn {
  return parseContent(content, path).arn
}

/** Returns whether a master key file contains a ciphertext from KMS. */
export function isWrapped(content: string): boolean {
  return content.startsWith(prefix)
}

/** Decrypts the content of a master key file with KMS. Throws ConfigurationError if the decryption fails. */
export async function unwrapMasterKey(
  content: string,
  path: string,
  options: KmsMasterKeyOptions = { arn: undefined, endpoint: undefined, random: systemRandom },
): Promise<Uint8Array> {
  const { arn, ciphertext } = parseContent(content, path)
  if (options.arn !== undefined && options.arn.text !== arn.text)
    throw new ConfigurationError(
      `--master-key-kms: the master key ${path} is encrypted with the KMS key ${arn.text}, not with ${options.arn.text}; specify the key that encrypts the file, or omit the setting`,
    )
  const answer = await request(
    options,
    { arn, action: `${path} cannot be decrypted` },
    (sdk) => new sdk.DecryptCommand({ ...parametersOf(arn), CiphertextBlob: ciphertext }),
  )
  return requireKey(answer.Plaintext, arn)
}

/** Generates a master key in KMS. Throws ConfigurationError if the KMS request fails. */
export async function generateMasterKey(
  arn: KeyArn,
  options: KmsMasterKeyOptions,
): Promise<WrappedMasterKey> {
  const answer = await request(
    options,
    { arn, action: 'a key cannot be generated' },
    (sdk) => new sdk.GenerateDataKeyCommand({ ...parametersOf(arn), KeySpec: 'AES_256' }),
  )
  const bytes = requireKey(answer.Plaintext, arn)
  return { bytes, content: contentOf(arn, answer.CiphertextBlob) }
}

/**
 * Encrypts an existing master key with KMS and returns the content of the master key file. Throws ConfigurationError if the
 * encryption fails.
 */
export async function wrapMasterKey(
  bytes: Uint8Array,
  arn: KeyArn,
  options: KmsMasterKeyOptions,
): Promise<string> {
  const answer = await request(
    options,
    { arn, action: 'the master key cannot be encrypted' },
    (sdk) => new sdk.EncryptCommand({ ...parametersOf(arn), Plaintext: bytes }),
  )
  return contentOf(arn, answer.CiphertextBlob)
}

/** Throws ConfigurationError unless the key exists in KMS and can encrypt data. */
export async function requireUsableKmsKey(
  arn: KeyArn,
  options: KmsMasterKeyOptions,
): Promise<void> {
  const { KeyMetadata } = await request(
    options,
    { arn, action: 'the key cannot be used' },
    (sdk) => new sdk.DescribeKeyCommand({ KeyId: arn.text }),
  )
  const { KeySpec, KeyState } = KeyMetadata ?? {}
  if (KeySpec !== 'SYMMETRIC_DEFAULT')
    throw new ConfigurationError(
      `--master-key-kms: the KMS key ${arn.text} has the key spec ${KeySpec}; it must be a symmetric key (SYMMETRIC_DEFAULT)`,
    )
  if (KeyState !== 'Enabled')
    throw new ConfigurationError(
      `--master-key-kms: the KMS key ${arn.text} is in the state ${KeyState}; it must be enabled`,
    )
}

interface Action {
  readonly arn: KeyArn
  /** Description of the failure, which becomes part of the error message. */
  readonly action: string
}

/** Sends a request to KMS over a new connection, and converts a KmsError to a ConfigurationError. */
async function request<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
  { endpoint, random }: KmsMasterKeyOptions,
  { arn, action }: Action,
  command: KmsRequest<Input, Output>,
): Promise<Output> {
  const kms = createKms({ endpoint, region: undefined, random })
  try {
    return await kms.send(arn.region, command)
  } catch (error) {
    if (!(error instanceof KmsError)) throw error
    throw new ConfigurationError(
      `--master-key-kms: the KMS key ${arn.text}: ${action}: ${error.message}${advice[error.problem] ?? ''}`,
    )
  } finally {
    kms.close()
  }
}

const advice: Partial<Record<KmsError['problem'], string>> = {
  transient: '; the server starts when KMS can be reached',
  denied: '; check the credentials of the server and its IAM policy',
  state: '; enable the key in KMS, or cancel its deletion',
}

function parseContent(
  content: string,
  path: string,
): { readonly arn: KeyArn; readonly ciphertext: Uint8Array } {
  const [, base64 = '', arnText = ''] = form.exec(content) ?? []
  const arn = parseKeyArn(arnText)
  const ciphertext = Buffer.from(base64, 'base64')
  if (arn === undefined || ciphertext.toString('base64') !== base64)
    throw new ConfigurationError(
      `the master key ${path} is damaged; restore this file from a copy, because no other key decrypts the database`,
    )
  return { arn, ciphertext: Uint8Array.from(ciphertext) }
}

function contentOf(arn: KeyArn, ciphertext: Uint8Array | undefined): string {
  if (ciphertext === undefined || ciphertext.length === 0)
    throw new ConfigurationError(`--master-key-kms: KMS returned no ciphertext from ${arn.text}`)
  return `${prefix}${Buffer.from(ciphertext).toString('base64')}:${arn.text}\n`
}

function requireKey(bytes: Uint8Array | undefined, arn: KeyArn): Uint8Array {
  if (bytes?.length !== keyBytes)
    throw new ConfigurationError(
      `--master-key-kms: KMS returned ${bytes?.length ?? 0} bytes from ${arn.text} instead of a key of ${keyBytes} bytes`,
    )
  const key = Uint8Array.from(bytes)
  bytes.fill(0)
  return key
}
