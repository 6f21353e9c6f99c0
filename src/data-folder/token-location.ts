import type { Config } from '../settings/config.ts'

/**
 * Returns the location of the PKCS #11 token from a configuration. The server's processes record in the data folder whether the
 * token has refused its PIN.
 */
export function tokenOf({
  keys: { pkcs11 },
  dataDirectory,
}: Pick<Config, 'keys' | 'dataDirectory'>): Config['keys']['pkcs11'] {
  return pkcs11 && { ...pkcs11, folder: dataDirectory }
}
