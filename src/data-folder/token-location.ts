import type { Config } from '../settings/config.ts'

/** Returns the token of a configuration. The processes of a server share what they learn about its PIN in the data folder. */
export function tokenOf({
  keys: { pkcs11 },
  dataDirectory,
}: Pick<Config, 'keys' | 'dataDirectory'>): Config['keys']['pkcs11'] {
  return pkcs11 && { ...pkcs11, folder: dataDirectory }
}
