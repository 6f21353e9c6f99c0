/** Whether a server starts without its master key, and waits for shares of the key. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFile } from '../durable-file.ts'
import type { Config } from '../settings/config.ts'
import type { KeyShare } from './key-shares.ts'
import { isStandardInput } from './master-key.ts'

/** Returns the path of the file that describes the split of the master key. The file contains no secret. */
function manifestPath({ dataDirectory }: Pick<Config, 'dataDirectory'>): string {
  return join(dataDirectory, 'master-key-shares.json')
}

/** Records that the master key was split, so that the server starts locked without the key. */
export async function writeManifest(config: Config, share: KeyShare): Promise<void> {
  const { masterKeyId, splitId, threshold, total } = share
  const content = `${JSON.stringify({ masterKeyId, splitId, threshold, total }, undefined, 2)}\n`
  await replaceFile({ path: manifestPath(config), content, mode: 0o600 })
}

/** Whether the server starts locked: with `--locked`, or after a split if the file of the master key does not exist. */
export function startsLocked(config: Config): boolean {
  const { locked, masterKeyFile } = config
  if (locked) return true
  return (
    !isStandardInput(masterKeyFile) &&
    existsSync(manifestPath(config)) &&
    !existsSync(masterKeyFile)
  )
}
