/** Commands `signet master-key rotate`, `show` and `export`. The commands also work while a server uses the same data. */
import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { resolve } from 'node:path'
import { systemClock } from '../clock.ts'
import { withData, type DataFolder } from '../data-folder/data-folder.ts'
import { asFolderOwner } from '../data-folder/folder-owner.ts'
import { masterKeyId, readMasterKey } from '../data-folder/master-key.ts'
import { neededKeyIds, type RotationKeys } from '../data-folder/rotation.ts'
import {
  endRotation,
  replaceKeyFile,
  rewrapSecrets,
  startRotation,
  writeKeyTo,
  type RotationContext,
} from '../data-folder/rotate-master-key.ts'
import { wrappingOf } from '../data-folder/wrapped-master-key.ts'
import { createFile } from '../files/durable-file.ts'
import { ConfigurationError } from '../errors.ts'
import { requestLocally } from '../local-channel/request.ts'
import { operatorContext } from './operator.ts'
import { systemRandom } from '../random.ts'
import type { Config } from '../settings/config.ts'
import { loadEngine, locateDatabase } from '../store/engines/index.ts'
import { peekMasterKeySettings } from '../store/master-keys.ts'
import { lockFolder } from '../store/sqlite/folder-lock.ts'
import { systemErrorText } from '../text/system-error.ts'

export interface RotationOptions {
  /**
   * File for the new master key, if the master key file must not be replaced. With a separate file, the rotation must be finished
   * by a second call.
   */
  readonly out?: string | undefined
  /** Whether to finish a rotation after the new key has been installed on every machine. */
  readonly finish?: boolean | undefined
  /** Whether to end sessions that began before the rotation. */
  readonly endSessions?: boolean | undefined
  readonly progress: RotationContext['progress']
}

/** Time within which every running process reads the new key. Processes check for a new key once per second. */
const readMilliseconds = 3000

/**
 * Rotates the master key, or continues an interrupted rotation. If several nodes may use the database, or if `out` is given, a
 * second call with `finish` is needed to complete the rotation. Throws ConfigurationError if the master key file cannot be
 * replaced.
 */
export async function rotateMasterKey(config: Config, options: RotationOptions) {
  const { out, finish = false, endSessions = false, progress } = options
  if (out !== undefined && finish)
    throw new ConfigurationError('--out cannot be combined with --finish')
  return withData(config, async (data) => {
    if (finish && data.masterKeys.rotation === undefined)
      throw new ConfigurationError('no rotation of the master key is in progress')
    const { actor } = operatorContext(config, 'master-key rotate')
    const context = { data, progress, actor, clock: systemClock, random: systemRandom }
    const keys = await startRotation(context)
    const startedAt = performance.now()
    let sealed = await rewrapSecrets(context, keys)
    const path = out === undefined ? keys.next.path : resolve(out)
    if (out === undefined) await replaceKeyFile(keys)
    else await writeKeyTo(path, keys)
    progress('file', 0)
    const isFinished = out === undefined && (finish || data.db.shared === undefined)
    if (isFinished) {
      if (await isServed(config, data))
        await setTimeout(readMilliseconds - (performance.now() - startedAt))
      sealed += await endRotation(context, keys, { endSessions })
    }
    return describe(keys, { path, sealed, isFinished })
  })
}

function describe(
  { previous, next }: RotationKeys,
  { path, sealed, isFinished }: { path: string; sealed: number; isFinished: boolean },
) {
  return {
    MasterKeyId: masterKeyId(next),
    PreviousKeyId: masterKeyId(previous),
    File: path,
    Sealed: sealed,
    Finished: isFinished,
  }
}

/** Returns whether a server may be using the data. */
async function isServed({ dataDirectory }: Config, { db }: DataFolder): Promise<boolean> {
  if (db.shared !== undefined) return true
  try {
    const lock = await asFolderOwner(dataDirectory, () => lockFolder(dataDirectory))
    lock.discard()
    return false
  } catch (error) {
    if (error instanceof ConfigurationError) return true
    throw error
  }
}

/** Describes the master key that the database requires and the key in the file. Either may be missing. */
export async function describeMasterKey(config: Config) {
  const engine = await loadEngine(locateDatabase(config))
  const settings = await peekMasterKeySettings(engine)
  const masterKey = await readMasterKey(config.masterKeyFile, wrappingOf(config))
  const needed = neededKeyIds(settings)
  const id = masterKey && masterKeyId(masterKey)
  return {
    File: config.masterKeyFile,
    ...(id !== undefined && { MasterKeyId: id }),
    NeededKeyIds: needed,
    OpensDatabase: id !== undefined && needed.includes(id),
    Rotation: settings.rotation === undefined ? 'none' : 'unfinished',
  }
}

/**
 * Writes the running server's master key, encrypted for recipients, to a new file with mode 0600. Throws ConfigurationError if no
 * server is running, or if the file exists.
 */
export async function exportMasterKey(config: Config, file: string, recipients: string) {
  const path = resolve(file)
  if (existsSync(path)) throw new ConfigurationError(`${file} already exists; specify another file`)
  const { actor } = operatorContext(config, 'master-key export')
  const request = { command: 'export-master-key', recipients, actor } as const
  const reply = await requestLocally(config.dataDirectory, request)
  const { MasterKeyId, File } = reply as { MasterKeyId: string; File: string }
  try {
    await createFile({ path, content: Buffer.from(File, 'base64'), mode: 0o600 })
  } catch (error) {
    throw new ConfigurationError(`${file} cannot be written: ${systemErrorText(error)}`, {
      cause: error,
    })
  }
  return { File: path, MasterKeyId }
}
