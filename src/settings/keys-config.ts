/** The settings for CA keys: the store for new keys, and the stores that hold existing keys. */
import { resolve } from 'node:path'
import type { KmsConfig } from '../keys/kms/kms-client.ts'
import type { TokenLocation } from '../keys/pkcs11/connection.ts'
import type { NewKeyStores } from '../keys/stores/index.ts'
import type { Read } from './read-setting.ts'

export interface KeysConfig extends NewKeyStores {
  /** Token that holds CA keys; undefined if there is none. All paths are absolute. */
  readonly pkcs11: TokenLocation | undefined
  readonly kms: KmsConfig
}

/**
 * Members with invalid values are undefined. An error is added to the problems if a setting requires another setting that is
 * missing.
 */
export function keysConfig(
  read: Read,
  problems: string[],
): { readonly [Name in keyof KeysConfig]: KeysConfig[Name] | undefined } {
  const newKeys = read('caKeys')
  const standards = read('keyStorageStandards')
  if (standards !== undefined && newKeys !== 'local' && newKeys !== undefined)
    problems.push(
      '--ca-keys cannot be combined with --key-storage-standards, which selects the store of each new CA',
    )
  const pkcs11 = tokenLocation(read, problems)
  if (read('masterKeyPkcs11') !== undefined) {
    if (pkcs11 === undefined && problems.length === 0)
      problems.push(
        '--master-key-pkcs11 requires --pkcs11-module, --pkcs11-token and --pkcs11-pin-file',
      )
    if (read('masterKeyKms') !== undefined)
      problems.push('--master-key-pkcs11 cannot be combined with --master-key-kms')
  }
  const kms = { endpoint: read('kmsEndpoint'), region: read('kmsRegion') }
  const uses = new Map([[newKeys, `--ca-keys ${newKeys}`]])
  for (const { standard, store } of standards ?? [])
    uses.set(store, `--key-storage-standards ${standard}=${store}`)
  const tokenUse = uses.get('pkcs11')
  if (tokenUse !== undefined && pkcs11 === undefined && problems.length === 0)
    problems.push(`${tokenUse} requires --pkcs11-module, --pkcs11-token and --pkcs11-pin-file`)
  const kmsUse = uses.get('kms')
  if (kmsUse !== undefined && kms.region === undefined)
    problems.push(`${kmsUse} requires --kms-region, the Region in which KMS creates the keys`)
  return { newKeys, standards, pkcs11, kms }
}

function tokenLocation(read: Read, problems: string[]): TokenLocation | undefined {
  const values = {
    '--pkcs11-module': read('pkcs11Module'),
    '--pkcs11-token': read('pkcs11Token'),
    '--pkcs11-pin-file': read('pkcs11PinFile'),
  }
  const {
    '--pkcs11-module': module,
    '--pkcs11-token': token,
    '--pkcs11-pin-file': pinFile,
  } = values
  if (module !== undefined && token !== undefined && pinFile !== undefined)
    return { module: resolve(module), token, pinFile: resolve(pinFile) }
  const flags = Object.entries(values)
  const missing = flags.flatMap(([flag, value]) => (value === undefined ? [flag] : []))
  const present = flags.find(([, value]) => value !== undefined)
  if (present !== undefined) problems.push(`${present[0]} requires ${missing.join(' and ')}`)
  return undefined
}

/**
 * Returns the location of a configuration's PKCS #11 token. The server's processes record in the data folder whether the token
 * has refused its PIN.
 */
export function tokenOf({
  keys: { pkcs11 },
  dataDirectory,
}: {
  readonly keys: Pick<KeysConfig, 'pkcs11'>
  readonly dataDirectory: string
}): TokenLocation | undefined {
  return pkcs11 && { ...pkcs11, folder: dataDirectory }
}
