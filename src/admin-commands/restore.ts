/** `signet restore`: restores a backup into a new data folder or an empty database. */
import { existsSync } from 'node:fs'
import { open, readFile, type FileHandle } from 'node:fs/promises'
import type { BackupKey } from '../backup/key-files.ts'
import { openBackup, type EncryptedBackup } from '../backup/open-backup.ts'
import type { BackupHeader } from '../backup/records.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import { createFile } from '../durable-file.ts'
import { ConfigurationError } from '../errors.ts'
import {
  credentialsFile,
  credentialsPlace,
  credentialsSetting,
} from '../data-folder/first-start.ts'
import { readMasterKey, writeMasterKey, type MasterKey } from '../data-folder/master-key.ts'
import { resetAfterRestore } from '../store/after-restore.ts'
import { loadEngine, locateDatabase } from '../store/engines/index.ts'
import { lockFolder, prepareDataFolder } from '../store/sqlite/folder-lock.ts'
import type { RestoreTarget } from '../store/restore-target.ts'
import { RestoredContent } from './restored-content.ts'

export interface RestoreOptions {
  readonly file: string
  /** Called only when the file is a backup and its target is empty, since it may ask on the terminal. */
  readonly key: (backup: EncryptedBackup) => Promise<BackupKey>
}

/**
 * Restores database, master key and credentials file, all or nothing. Throws ConfigurationError if the target is not empty,
 * or if the backup cannot be decrypted, is damaged, or of a newer version.
 */
export async function restore(config: Config, { file, key }: RestoreOptions) {
  await using openedFile = await openFile(file)
  // Not a stream of the file, which could not be closed before the stream has been read to its end.
  const backup = await openBackup(
    async (buffer, position) => (await openedFile.read(buffer, { position })).bytesRead,
  )
  const engine = await loadEngine(locateDatabase(config))
  await prepareDataFolder(config.dataDirectory)
  const lock = lockFolder(config.dataDirectory)
  try {
    // Checked before the terminal is asked for a passphrase. Buckets may exist: the database is restored beside them.
    engine.requireRestorable()
    const { header, batches } = await backup.decrypt(await key(backup))
    requireKnown(header, engine.schemaVersion)
    await using target = await engine.openRestore(header.schemaVersion)
    const content = new RestoredContent(target)
    for await (const records of batches) await content.take(records)
    await content.end()
    return {
      CreatedAt: header.createdAt,
      SchemaVersion: header.schemaVersion,
      ...(await complete(config, target, content)),
      Rows: content.counts,
    }
  } finally {
    lock.release()
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    throw new ConfigurationError(`the backup cannot be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

function requireKnown({ schemaVersion, signetVersion }: BackupHeader, newest: number): void {
  if (schemaVersion > newest)
    throw new ConfigurationError(
      `the backup was written by a newer version of Signet (${signetVersion}, schema ${schemaVersion}; this one knows ${newest})`,
    )
  if (schemaVersion < 1) throw new ConfigurationError('the backup has an invalid schema version')
}

/** The database comes last: files without one are not a data folder, and a second restore writes them again. */
async function complete(config: Config, target: RestoreTarget, content: RestoredContent) {
  const { credentials } = content
  const masterKey = await placeMasterKey(config, content)
  const path = credentialsFile(config)
  if (credentials !== undefined) await placeCredentials(path, credentials)
  const place =
    credentials === undefined
      ? undefined
      : { name: credentialsSetting, place: credentialsPlace(config) }
  await target.finish(resetAfterRestore(systemClock.now(), place))
  return { MasterKey: masterKey, ...(credentials !== undefined && { Credentials: path }) }
}

async function placeCredentials(path: string, credentials: Uint8Array): Promise<void> {
  if (!existsSync(path)) await createFile({ path, content: credentials, mode: 0o600 })
  else if (!(await readFile(path)).equals(credentials))
    throw new ConfigurationError(
      `${path} is there, and has other credentials than the backup; move it away`,
    )
}

/** Describes where the master key is now. An existing file is never replaced. */
async function placeMasterKey(config: Config, content: RestoredContent): Promise<string> {
  const path = config.masterKeyFile
  const existing = await readMasterKey(path)
  if (content.masterKey === undefined) {
    if (existing === undefined)
      return `not in the backup; put it at ${path} before the server starts`
    content.requireOwn(existing)
    return `${path}, which was there`
  }
  const restored: MasterKey = { bytes: content.masterKey, path }
  content.requireOwn(restored)
  if (existing === undefined) await writeMasterKey(restored)
  else content.requireOwn(existing)
  return path
}
