/** The command `signet backup`. The command also works while a server uses the same data. */
import { appendEvent } from '../store/leaves.ts'
import type { ChangeContext } from '../store/recorded-states.ts'
import { operatorContext } from './operator.ts'
import { createHash } from 'node:crypto'
import { constants, existsSync } from 'node:fs'
import { access, open, readFile, rm, type FileHandle } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { encrypt, keyKinds, type EncryptionKey } from '../backup/encryption.ts'
import { RecordWriter, type BackupHeader } from '../backup/records.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import { withData, type DataFolder } from '../data-folder/data-folder.ts'
import { renameDurably } from '../files/durable-file.ts'
import { ConfigurationError } from '../errors.ts'
import { systemErrorText } from '../text/system-error.ts'
import { credentialsFile } from '../data-folder/credentials-file.ts'
import { masterKeyId, type MasterKey } from '../data-folder/master-key.ts'
import { neededKeyIds, requireMasterKey } from '../data-folder/rotation.ts'
import { systemRandom } from '../random.ts'
import { masterKeySettingsOf, selectMasterKeySettings } from '../store/master-keys.ts'
import { putLastBackup, type BackupDetails } from '../store/last-backup.ts'
import { pagesOf, type Snapshot } from '../store/snapshot.ts'
import { version } from '../version.ts'

export interface BackupOptions {
  readonly file: string
  readonly withMasterKey: boolean
  /**
   * Returns the encryption key for the backup. The function may prompt for the key, so it is called only
   * if the backup file does not exist yet.
   */
  readonly key: () => Promise<EncryptionKey>
  /** Reports a failure that does not affect the backup. */
  readonly warn: (problem: string) => void
}

/** zlib compression level. Higher zlib levels hardly reduce the size of certificates. */
const compressionLevel = 3

/**
 * Writes a consistent snapshot of all database rows to a new file with mode 0600. Throws ConfigurationError if the file exists.
 */
export async function backUp(config: Config, options: BackupOptions) {
  const path = resolve(options.file)
  if (existsSync(path))
    throw new ConfigurationError(`${options.file} already exists; specify another file`)
  await access(dirname(path), constants.W_OK).catch((error: unknown) => {
    throw unwritable(path, error)
  })
  return withData(config, async (data) => {
    const key = await options.key()
    const unfinished = `${path}.partial`
    const file = await createFile(unfinished)
    try {
      const written = await writeBackup(file, { config, data, key, options })
      await file.sync()
      await file.close()
      if (existsSync(path))
        throw new ConfigurationError(`${options.file} already exists; specify another file`)
      await renameDurably(unfinished, path)
      const context = operatorContext(config, 'backup')
      await recordBackup(data, { written, path, key, context }, options.warn)
      return { File: path, ...written }
    } catch (error) {
      await file.close()
      await rm(unfinished, { force: true })
      throw error
    }
  })
}

type WrittenBackup = Awaited<ReturnType<typeof writeBackup>>

/**
 * Stores the backup's properties for metrics and ListBackups, and adds a leaf for the backup to the record. A failed database
 * write is only reported, because the backup itself is complete.
 */
async function recordBackup(
  { db }: DataFolder,
  {
    written,
    path,
    key,
    context,
  }: {
    readonly written: WrittenBackup
    readonly path: string
    readonly key: EncryptionKey
    readonly context: ChangeContext
  },
  warn: BackupOptions['warn'],
): Promise<void> {
  const { CreatedAt, Sha256, MasterKey, Size, SchemaVersion, Rows } = written
  const details: BackupDetails = {
    host: hostname(),
    file: path,
    sizeBytes: Size,
    sha256: Sha256,
    encryptedFor: keyKinds(key),
    hasMasterKey: MasterKey,
    schemaVersion: SchemaVersion,
    rows: Object.values(Rows).reduce((sum, count) => sum + count, 0),
  }
  try {
    await db.transaction([
      putLastBackup({ createdAt: new Date(CreatedAt), details }),
      appendEvent(context, {
        event: 'backup',
        masterKey: MasterKey,
        sha256: Buffer.from(Sha256, 'hex'),
      }),
    ])
  } catch (error) {
    warn(
      `the backup is complete, but could not be recorded in the database: ${(error as Error).message}`,
    )
  }
}

async function createFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(path, error)
    throw new ConfigurationError(
      `${path} exists: another backup is running, or an earlier backup was interrupted; if the earlier backup was interrupted, remove the file`,
      { cause: error },
    )
  }
}

function unwritable(path: string, error: unknown): ConfigurationError {
  return new ConfigurationError(
    `cannot write the backup to the folder ${dirname(path)}: ${systemErrorText(error)}`,
    { cause: error },
  )
}

interface BackupSource {
  readonly config: Config
  readonly data: DataFolder
  readonly key: EncryptionKey
  readonly options: BackupOptions
}

async function writeBackup(file: FileHandle, { config, data, key, options }: BackupSource) {
  const snapshot = await data.engine.openSnapshot()
  try {
    const createdAt = systemClock.now().toISOString()
    const { schemaVersion } = snapshot
    const masterKey = await masterKeyOf(data, snapshot)
    const keyId = masterKeyId(masterKey)
    const header = { schemaVersion, createdAt, signetVersion: version(), masterKeyId: keyId }
    const credentials = await readCredentials(config)
    const masterKeyBytes = options.withMasterKey ? masterKey.bytes : undefined
    const writer = new RecordWriter()
    const digest = createHash('sha256')
    let size = 0
    await pipeline(
      recordsOf(snapshot, writer, { header, masterKey: masterKeyBytes, credentials }),
      createGzip({ level: compressionLevel }),
      (compressed: AsyncIterable<Uint8Array>) => encrypt(key, compressed),
      async (encrypted: AsyncIterable<Uint8Array>) => {
        for await (const bytes of encrypted) {
          digest.update(bytes)
          size += bytes.length
          await file.writeFile(bytes)
        }
      },
    )
    return {
      Size: size,
      Sha256: digest.digest('hex'),
      CreatedAt: createdAt,
      SchemaVersion: schemaVersion,
      MasterKey: options.withMasterKey,
      MasterKeyId: keyId,
      Credentials: credentials !== undefined,
      Rows: writer.counts,
    }
  } finally {
    await snapshot.close()
  }
}

/**
 * Returns the master key that decrypts the rows in a snapshot. A key rotation may have finished between reading the key and
 * opening the snapshot.
 */
async function masterKeyOf({ masterKeys }: DataFolder, snapshot: Snapshot): Promise<MasterKey> {
  const settings = masterKeySettingsOf(await snapshot.read(selectMasterKeySettings()))
  const { current } = masterKeys
  if (neededKeyIds(settings).includes(masterKeyId(current))) return current
  await masterKeys.refresh()
  requireMasterKey(settings, masterKeys.current, systemRandom)
  return masterKeys.current
}

async function readCredentials(config: Config): Promise<Uint8Array | undefined> {
  try {
    return await readFile(credentialsFile(config))
  } catch (error) {
    // The credentials file may have been moved to another machine.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function* recordsOf(
  snapshot: Snapshot,
  writer: RecordWriter,
  files: {
    readonly header: BackupHeader
    readonly masterKey: Uint8Array | undefined
    readonly credentials: Uint8Array | undefined
  },
): AsyncGenerator<Buffer> {
  yield writer.header(files.header)
  if (files.masterKey !== undefined) yield writer.file('master-key', files.masterKey)
  if (files.credentials !== undefined) yield writer.file('credentials', files.credentials)
  for (const table of snapshot.tables) {
    const { name, columns } = table
    yield writer.table({ name, columns })
    for await (const page of pagesOf(snapshot, table))
      yield writer.rows(page.map((row) => columns.map((column) => row[column] ?? null)))
  }
  yield writer.end()
}
