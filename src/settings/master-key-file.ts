import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/**
 * Returns the path of the master key: the value of `--master-key-file` (`-` for standard input), systemd's credential
 * `master.key` (systemd.exec(5), CREDENTIALS_DIRECTORY), or `master.key` in the data folder.
 */
export function locateMasterKey(
  setting: string | undefined,
  { CREDENTIALS_DIRECTORY: credentials }: Readonly<Record<string, string | undefined>>,
  dataDirectory: string,
): string {
  if (setting !== undefined) return setting === '-' ? setting : resolve(setting)
  const credential = credentials === undefined ? undefined : join(credentials, 'master.key')
  if (credential !== undefined && existsSync(credential)) return credential
  return join(dataDirectory, 'master.key')
}
