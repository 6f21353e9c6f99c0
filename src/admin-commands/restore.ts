/** The command `signet restore`. */
import { appendEvent } from '../store/leaves.ts'
import { recordRow } from '../store/recorded-states.ts'
import type { Sql } from '../store/sql.ts'
import { operatorContext } from './operator.ts'
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { open, readFile, type FileHandle } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { BackupKey } from '../backup/key-files.ts'
import { openBackup, type EncryptedBackup } from '../backup/open-backup.ts'
import type { BackupHeader } from '../backup/records.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import { createFile } from '../files/durable-file.ts'
import { ConfigurationError } from '../errors.ts'
import { asFolderOwner } from '../data-folder/folder-owner.ts'
import { credentialsFile, credentialsPlace } from '../data-folder/credentials-file.ts'
import { pathsOf } from '../data-folder/data-folder.ts'
import { credentialsSetting } from '../data-folder/first-start.ts'
import { readMasterKey, writeMasterKey, type MasterKey } from '../data-folder/master-key.ts'
import { newFileKey, wrappingOf } from '../data-folder/wrapped-master-key.ts'
import { resetAfterRestore } from '../store/after-restore.ts'
import { loadEngine, locateDatabase } from '../store/engines/index.ts'
import { putLastBackup } from '../store/last-backup.ts'
import { lockFolder, prepareDataFolder } from '../store/sqlite/folder-lock.ts'
import type { RestoreTarget } from '../store/restore-target.ts'
import { systemErrorText } from '../text/system-error.ts'
import { parseCredentials } from '../text/credentials-file.ts'
import { insertRestoreRequests, restoreRequests } from './restore-approvals.ts'
import { RestoredContent } from './restored-content.ts'

export interface RestoreOptions {
  readonly file: string
  /**
   * Returns the decryption key for the backup. The function may prompt for the key, so it is called only after the file and
   * the target have been checked.
   */
  readonly key: (backup: EncryptedBackup) => Promise<BackupKey>
}

/**
 * Restores the database, master key and credentials file, either completely or not at all. Throws ConfigurationError if the
 * target is not empty, or if the backup cannot be decrypted, is damaged, or was written by a newer version.
 */
export async function restore(config: Config, { file, key }: RestoreOptions) {
  await using openedFile = await openFile(file)
  // The file is not read through a stream of its file handle, because such a stream can be closed only after it has been read
  // completely.
  const backup = await openBackup(
    async (buffer, position) => (await openedFile.read(buffer, { position })).bytesRead,
  )
  const engine = await loadEngine(locateDatabase(config))
  const { dataDirectory } = config
  await prepareDataFolder(dataDirectory, pathsOf(config))
  const lock = await asFolderOwner(dataDirectory, () => lockFolder(dataDirectory))
  try {
    // The target is checked before the passphrase prompt. The target may already contain buckets, because a restore does not
    // change buckets.
    engine.requireRestorable()
    const { header, batches } = await backup.decrypt(await key(backup))
    requireKnown(header, engine.schemaVersion)
    await using target = await asFolderOwner(dataDirectory, () =>
      engine.openRestore(header.schemaVersion),
    )
    const content = new RestoredContent(target)
    await asFolderOwner(dataDirectory, async () => {
      for await (const records of batches) await content.take(records)
      await content.end()
    })
    const restored = {
      CreatedAt: header.createdAt,
      SchemaVersion: header.schemaVersion,
      ...(await complete(config, target, { content, header, sha256: await digestOf(file) })),
      Rows: content.counts,
    }
    lock.release()
    return restored
  } finally {
    // After a failed restore, the folder is empty again.
    lock.discard()
  }
}

async function digestOf(file: string): Promise<Uint8Array> {
  const digest = createHash('sha256')
  for await (const chunk of createReadStream(file)) digest.update(chunk as Buffer)
  return digest.digest()
}

/** Runs `work` as the owner of the data folder if `path` is inside that folder. */
function placeAsOwner<T>({ dataDirectory }: Config, path: string, work: () => Promise<T>) {
  const isInFolder = dirname(resolve(path)) === resolve(dataDirectory)
  return isInFolder ? asFolderOwner(dataDirectory, work) : work()
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, 'r')
    if (!(await file.stat()).isDirectory()) return file
    await file.close()
    throw new Error('it is a folder; specify a backup file')
  } catch (error) {
    throw new ConfigurationError(`cannot read the backup ${path}: ${systemErrorText(error)}`, {
      cause: error,
    })
  }
}

function requireKnown({ schemaVersion, signetVersion }: BackupHeader, newest: number): void {
  if (schemaVersion > newest)
    throw new ConfigurationError(
      `the backup was written by a newer version of Signet (${signetVersion}, schema ${schemaVersion}; this version supports up to ${newest})`,
    )
  if (schemaVersion < 1) throw new ConfigurationError('the backup has an invalid schema version')
}

interface RestoredBackup {
  readonly content: RestoredContent
  readonly header: BackupHeader
  /** SHA-256 of the backup file. */
  readonly sha256: Uint8Array
}

/**
 * A restore writes the files first and the database last. A restore that is interrupted before the database exists can be
 * repeated.
 */
async function complete(
  config: Config,
  target: RestoreTarget,
  { content, header, sha256 }: RestoredBackup,
) {
  const { credentials } = content
  const masterKey = await placeMasterKey(config, content)
  const path = credentialsFile(config)
  if (credentials !== undefined)
    await placeAsOwner(config, path, () => placeCredentials(path, credentials))
  const place =
    credentials === undefined
      ? undefined
      : { name: credentialsSetting, place: credentialsPlace(config) }
  const requests = restoreRequests(content.approvalPolicies, header)
  await asFolderOwner(config.dataDirectory, () =>
    target.finish([
      ...resetAfterRestore(systemClock.now(), place),
      // The settings in the backup still contain the time of the previous backup.
      putLastBackup({ createdAt: new Date(header.createdAt), details: undefined }),
      restoreLeaf(config, header, sha256),
      ...content.openApprovals.map((id) =>
        recordRow({ table: 'approvals', key: [id] }, operatorContext(config, 'restore')),
      ),
      ...insertRestoreRequests(requests, config),
    ]),
  )
  return {
    MasterKey: masterKey,
    ...(credentials !== undefined && { Credentials: path }),
    ...(requests.length > 0 && { ApprovalIds: requests.map(({ id }) => id) }),
  }
}

/** The leaf for the restore directly follows the leaves in the backup. */
function restoreLeaf(
  config: Config,
  { createdAt, signetVersion }: BackupHeader,
  sha256: Uint8Array,
): Sql {
  const detail = { backupCreatedAt: createdAt, signetVersion, sha256 }
  return appendEvent(operatorContext(config, 'restore'), { event: 'restore', ...detail })
}

/** An existing credentials file with the same access key is kept, because its other lines describe the server on this machine. */
async function placeCredentials(path: string, credentials: Uint8Array): Promise<void> {
  if (!existsSync(path)) await createFile({ path, content: credentials, mode: 0o600 })
  else if (accessKeyIn(await readFile(path)) !== accessKeyIn(credentials))
    throw new ConfigurationError(
      `${path} exists, and its credentials differ from those in the backup; move this file elsewhere, and run signet restore again`,
    )
}

function accessKeyIn(file: Uint8Array): string | undefined {
  const key = parseCredentials(Buffer.from(file).toString())
  return key && `${key.accessKeyId} ${key.secretAccessKey}`
}

/** Writes the master key and returns a description of its location. Existing files are never replaced. */
async function placeMasterKey(config: Config, content: RestoredContent): Promise<string> {
  const path = config.masterKeyFile
  const wrapping = wrappingOf(config)
  const existing = await readMasterKey(path, wrapping)
  if (content.masterKey === undefined) {
    if (existing === undefined)
      return `the backup does not contain the master key; copy the key with the ID ${content.neededKeyIds.join(' or ')} to ${path} before you start the server`
    content.requireOwn(existing)
    return `${path} (existed before)`
  }
  const restored: MasterKey = {
    bytes: content.masterKey,
    path,
    fileKey: newFileKey(wrapping),
  }
  content.requireOwn(restored)
  if (existing === undefined) await placeAsOwner(config, path, () => writeMasterKey(restored))
  else content.requireOwn(existing)
  return path
}
