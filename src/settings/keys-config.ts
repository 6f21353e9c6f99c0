/** The settings of CA keys: the store of new keys, and the stores that hold existing keys. */
import type { KmsConfig } from '../keys/kms/kms-client.ts'
import type { KeyStoreName } from '../keys/stores/index.ts'
import type { Read } from './read-setting.ts'

export interface KeysConfig {
  /** Key store in which the keys of new CAs are created. */
  readonly newKeys: KeyStoreName
  readonly kms: KmsConfig
}

/** Returns an undefined member for an invalid value, which `read` has added to the problems. */
export function keysConfig(
  read: Read,
  problems: string[],
): {
  readonly [Name in keyof KeysConfig]: KeysConfig[Name] | undefined
} {
  const newKeys = read('caKeys')
  const kms = { endpoint: read('kmsEndpoint'), region: read('kmsRegion') }
  if (newKeys === 'kms' && kms.region === undefined)
    problems.push('--ca-keys kms requires --kms-region, the Region in which KMS creates the keys')
  return { newKeys, kms }
}
