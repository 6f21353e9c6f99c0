/** What `signet restore` does, on a place where nothing is yet. */
import { existsSync } from 'node:fs'
import { open, readFile, type FileHandle } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createInflate } from 'node:zlib'
import { decodeHead, headBytesMax, type BackupHead } from '../backup/format.ts'
import type { Opener } from '../backup/lock.ts'
import { readRecords } from '../backup/records.ts'
import { decryptChunks } from '../backup/stream-cipher.ts'
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
import { afterRestore } from '../store/after-restore.ts'
import { loadEngine, locateDatabase } from '../store/engines/index.ts'
import { lockFolder, prepareDataFolder } from '../store/sqlite/folder-lock.ts'
import type { RestoreTarget } from '../store/restore-target.ts'
import { RestoredContent } from './restored-content.ts'

export interface RestoreOptions {
  readonly file: string
  /** Asked for only when there is a backup to open, and a place to restore it to. */
  readonly opener: (lock: BackupHead['header']['lock']) => Promise<Opener>
}

/** A restore as it is printed. */
interface PrintedRestore {
  readonly CreatedAt: string
  readonly SchemaVersion: number
  readonly MasterKey: string
  readonly Credentials?: string
  readonly Rows: Readonly<Record<string, number>>
}

/**
 * Makes of a backup a database, master key and credentials file, all or nothing. Throws ConfigurationError if the place is
 * not empty, or if the backup does not open, is damaged, or of a newer version.
 */
export async function restore(
  config: Config,
  { file, opener }: RestoreOptions,
): Promise<PrintedRestore> {
  await using backup = await openFile(file)
  const head = await readHead(backup)
  const engine = await loadEngine(locateDatabase(config))
  requireKnown(head, engine.schemaVersion)
  await prepareDataFolder(config.dataDirectory)
  const lock = lockFolder(config.dataDirectory)
  try {
    // Before anyone is asked for a passphrase. Buckets may exist: the restore adds to them.
    engine.requireRestorable()
    const streamKey = await head.open(await opener(head.header.lock))
    await using target = await engine.openRestore(head.header.schemaVersion)
    const content = new RestoredContent(target)
    const stream = backup.createReadStream({ start: head.length, autoClose: false })
    await pipeline(
      stream,
      (chunks: AsyncIterable<Uint8Array>) => decryptChunks(streamKey, chunks),
      createInflate(),
      async (bytes: AsyncIterable<Uint8Array>) => {
        for await (const records of readRecords(bytes)) await content.take(records)
      },
    )
    await content.end()
    return await complete(config, { target, content, head })
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

async function readHead(file: FileHandle): Promise<BackupHead> {
  const bytes = Buffer.alloc(headBytesMax)
  const { bytesRead } = await file.read(bytes, 0, headBytesMax, 0)
  return decodeHead(bytes.subarray(0, bytesRead))
}

function requireKnown({ header }: BackupHead, newest: number): void {
  const { schemaVersion, signetVersion } = header
  if (schemaVersion > newest)
    throw new ConfigurationError(
      `the backup was written by a newer version of Signet (${signetVersion}, schema ${schemaVersion}; this one knows ${newest})`,
    )
  if (schemaVersion < 1) throw new ConfigurationError('the backup has no schema that there was')
}

/** The database comes last: files without it are nothing, and are written again. */
async function complete(
  config: Config,
  {
    target,
    content,
    head,
  }: {
    readonly target: RestoreTarget
    readonly content: RestoredContent
    readonly head: BackupHead
  },
): Promise<PrintedRestore> {
  const { credentials, counts } = content
  const masterKey = await placeMasterKey(config, content)
  const path = credentialsFile(config)
  if (credentials !== undefined) await placeCredentials(path, credentials)
  const place =
    credentials === undefined
      ? undefined
      : { name: credentialsSetting, place: credentialsPlace(config) }
  await target.finish(afterRestore(systemClock.now(), place))
  return {
    CreatedAt: head.header.createdAt,
    SchemaVersion: head.header.schemaVersion,
    MasterKey: masterKey,
    ...(credentials !== undefined && { Credentials: path }),
    Rows: counts,
  }
}

async function placeCredentials(path: string, credentials: Uint8Array): Promise<void> {
  if (!existsSync(path)) await createFile({ path, content: credentials, mode: 0o600 })
  else if (!(await readFile(path)).equals(credentials))
    throw new ConfigurationError(
      `${path} is there, and has other credentials than the backup; move it away`,
    )
}

/** What became of the master key, in words. A file that is there is never replaced. */
async function placeMasterKey(config: Config, content: RestoredContent): Promise<string> {
  const path = config.masterKeyFile
  const found = await readMasterKey(path)
  if (content.masterKey === undefined) {
    if (found === undefined) return `not in the backup; put it at ${path} before the server starts`
    content.requireOwn(found)
    return `${path}, which was there`
  }
  const restored: MasterKey = { bytes: content.masterKey, path }
  content.requireOwn(restored)
  if (found === undefined) await writeMasterKey(restored)
  else content.requireOwn(found)
  return path
}
