/** Who owns a data folder: a lock of the kernel's, gone with the process however it ends. */
import { accessSync } from 'node:fs'
import { access, chmod, constants, readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makeFolder } from '../../durable-file.ts'
import { ConfigurationError } from '../../errors.ts'
import { createPrivateFile, sqliteCode, sqliteCodes } from './connection.ts'

/** A folder that is owned until it is released, or the process ends. */
export interface FolderLock {
  /** Gives the folder up. Doing so again is not an error. */
  release(): void
}

/** What is locked stays reachable: the garbage collector closes a connection that nobody refers to. */
const held = new Set<DatabaseSync>()

/** What a data folder may hold before its database is there: what a first start that was cut short leaves. */
const ownNames =
  /^(signet\.sqlite.*|master\.key|credentials(\.new)?|lock.*|objects|postgresql\.damage|lost\+found)$/

/**
 * Makes the folder, for its owner only, or tightens one that is there. Throws ConfigurationError if that cannot be
 * done, or if the folder is in use for something else: `--data /tmp` must not close /tmp to everybody.
 */
export async function prepareDataFolder(directory: string): Promise<void> {
  try {
    await makeFolder(directory, 0o700)
    await requireOwn(directory)
    if (((await stat(directory)).mode & 0o777) !== 0o700) await chmod(directory, 0o700)
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    const reason = isReadOnly(directory) ? 'its file system is read-only' : (error as Error).message
    throw new ConfigurationError(`the data folder ${directory} cannot be used: ${reason}`, {
      cause: error,
    })
  }
}

/** Making a folder on a file system that is read-only fails with whatever its parents do (ENOENT, in Node.js). */
function isReadOnly(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK)
    return false
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const parent = dirname(directory)
    return code === 'ENOENT' && parent !== directory ? isReadOnly(parent) : code === 'EROFS'
  }
}

async function requireOwn(directory: string): Promise<void> {
  const names = await readdir(directory)
  if (names.includes('signet.sqlite') || names.includes('master.key')) return
  const foreign = names.find((name) => !ownNames.test(name))
  if (foreign !== undefined)
    throw new ConfigurationError(
      `the data folder ${directory} holds other things, such as ${foreign}; name an empty or a new folder`,
    )
}

/**
 * Takes the folder, for as long as this process lives if nobody releases it. Throws ConfigurationError if another
 * process has it, or if the lock cannot be taken at all.
 */
export function lockFolder(directory: string): FolderLock {
  const path = join(directory, 'lock')
  let database: DatabaseSync | undefined
  try {
    createPrivateFile(path)
    // SQLite's exclusive lock is the portable way to the kernel's that Node.js has.
    database = new DatabaseSync(path, { timeout: 0 })
    database.exec('pragma locking_mode = exclusive; begin exclusive')
  } catch (error) {
    database?.close()
    throw lockError(directory, error)
  }
  held.add(database)
  return { release: () => release(database) }
}

function lockError(directory: string, cause: unknown): ConfigurationError {
  return sqliteCode(cause) === sqliteCodes.busy
    ? new ConfigurationError(`another signet serve owns the data folder ${directory}`, { cause })
    : new ConfigurationError(
        `the data folder ${directory} cannot be locked: ${(cause as Error).message}`,
        { cause },
      )
}

function release(database: DatabaseSync): void {
  if (held.delete(database)) database.close()
}
