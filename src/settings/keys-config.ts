/** The settings of CA keys: the store of new keys, and the stores that hold existing keys. */
import type { KeyStoreName } from '../keys/stores/index.ts'
import type { Read } from './read-setting.ts'

export interface KeysConfig {
  /** Key store in which the keys of new CAs are created. */
  readonly newKeys: KeyStoreName
}

/** Returns an undefined member for an invalid value, which `read` has added to the problems. */
export function keysConfig(read: Read): {
  readonly [Name in keyof KeysConfig]: KeysConfig[Name] | undefined
} {
  return { newKeys: read('caKeys') }
}
