import type { Config } from '../settings/config.ts'

/** Returns the token in a configuration. A server's processes record in the data folder whether the token refused its PIN. */
export function tokenOf({
  keys: { pkcs11 },
  dataDirectory,
}: Pick<Config, 'keys' | 'dataDirectory'>): Config['keys']['pkcs11'] {
  return pkcs11 && { ...pkcs11, folder: dataDirectory }
}
