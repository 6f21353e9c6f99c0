/** Determines whether a server starts locked. A locked server waits for shares of its master key. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from '../files/durable-file.ts'
import { ConfigurationError } from '../errors.ts'
import type { Config } from '../settings/config.ts'
import { isObject } from '../text/json.ts'
import type { KeyShare } from './key-shares.ts'
import { isStandardInput } from './master-key.ts'

/** Returns the path of the file that describes how the master key was split. The description contains no secret. */
function manifestPath({ dataDirectory }: Pick<Config, 'dataDirectory'>): string {
  return join(dataDirectory, 'master-key-shares.json')
}

export type SplitManifest = Pick<KeyShare, 'masterKeyId' | 'splitId' | 'threshold' | 'total'>

/**
 * Reads the description of the most recent split of the master key. Returns undefined if the data folder contains no
 * description. Throws ConfigurationError if the description is invalid.
 */
export async function readManifest(
  config: Pick<Config, 'dataDirectory'>,
): Promise<SplitManifest | undefined> {
  const path = manifestPath(config)
  if (!existsSync(path)) return undefined
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (
      isObject(value) &&
      typeof value['masterKeyId'] === 'string' &&
      typeof value['splitId'] === 'string'
    )
      return value as unknown as SplitManifest
  } catch (cause) {
    throw new ConfigurationError(`${path} cannot be read: ${(cause as Error).message}`, { cause })
  }
  throw new ConfigurationError(
    `${path} does not describe a split of the master key; restore this file from a copy, or remove the file and start with --locked`,
  )
}

/** Records that the master key was split, so that the server starts locked if it has no master key file. */
export async function writeManifest(config: Config, share: KeyShare): Promise<void> {
  const { masterKeyId, splitId, threshold, total } = share
  const manifest: SplitManifest = { masterKeyId, splitId, threshold, total }
  const content = `${JSON.stringify(manifest, undefined, 2)}\n`
  await replaceFile({ path: manifestPath(config), content, mode: 0o600 })
}

/**
 * Returns whether the server starts locked. A server starts locked with `--locked`, or if the master key was split and the
 * master key file does not exist.
 */
export function startsLocked(config: Config): boolean {
  const { locked, masterKeyFile } = config
  if (locked) return true
  return (
    !isStandardInput(masterKeyFile) &&
    existsSync(manifestPath(config)) &&
    !existsSync(masterKeyFile)
  )
}
