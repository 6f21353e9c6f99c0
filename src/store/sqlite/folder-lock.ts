/** Exclusive ownership of a data folder through a kernel lock, which is released when the process ends for any reason. */
import { accessSync, existsSync, rmSync } from 'node:fs'
import { access, chmod, constants, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makeFolder } from '../../files/durable-file.ts'
import { ConfigurationError } from '../../errors.ts'
import { createPrivateFile, sqliteCode, sqliteCodes } from './connection.ts'
import { systemErrorText } from '../../text/system-error.ts'

/** The lock on a data folder, which is held until it is released or the process ends. */
export interface FolderLock {
  /** Releases the lock. A second call has no effect. */
  release(): void
  /** Releases the lock, and deletes the lock file if `lockFolder` has created the file. */
  discard(): void
}

/** Locked connections. Without a reference to each connection, the garbage collector would close the connections. */
const held = new Set<DatabaseSync>()

/** Files that an interrupted first start may have left in a data folder without a database. */
const ownNames =
  /^(signet\.sqlite.*|master\.key|credentials(\.new)?|tls-root\.pem(\.new)?|lock.*|control\.sock|master-key-shares\.json|objects|pkcs11-refused-pin\.sqlite.*|postgresql\.damage|lost\+found)$/

/**
 * Creates the data folder with mode 0700, or restricts the mode of an existing folder. Throws ConfigurationError if the folder
 * cannot be created or restricted, or if it contains unknown files. For example, `--data /tmp` must not make /tmp inaccessible to
 * other users. `knownFiles` are paths of files that the folder may contain, such as a call log. Rotated versions of the known
 * files are also accepted. Such versions have a suffix.
 */
export async function prepareDataFolder(
  directory: string,
  knownFiles: readonly string[] = [],
): Promise<void> {
  try {
    await makeFolder(directory, 0o700)
    await requireOwn(directory, knownFiles)
    if (((await stat(directory)).mode & 0o777) !== 0o700) await chmod(directory, 0o700)
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    const reason = isReadOnly(directory) ? 'the file system is read-only' : systemErrorText(error)
    throw new ConfigurationError(`the data folder ${directory} cannot be used: ${reason}`, {
      cause: error,
    })
  }
}

/**
 * Returns whether the file system is read-only. Creating a folder on a read-only file system fails with misleading errors, such
 * as ENOENT.
 */
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

async function requireOwn(directory: string, knownFiles: readonly string[]): Promise<void> {
  const names = await readdir(directory)
  if (names.includes('signet.sqlite') || names.includes('master.key')) return
  const known = knownFiles
    .filter((path) => dirname(resolve(path)) === resolve(directory))
    .map((path) => basename(path))
  const isKnown = (name: string): boolean =>
    ownNames.test(name) || known.some((file) => name === file || name.startsWith(`${file}.`))
  const foreign = names.find((name) => !isKnown(name))
  if (foreign !== undefined)
    throw new ConfigurationError(
      `the data folder ${directory} contains other files, such as ${foreign}; specify an empty or a new folder`,
    )
}

/**
 * Locks the data folder until the lock is released or the process ends. Throws ConfigurationError if another process holds the
 * lock, or if the folder cannot be locked.
 */
export function lockFolder(directory: string): FolderLock {
  const path = join(directory, 'lock')
  const existed = existsSync(path)
  let database: DatabaseSync | undefined
  try {
    createPrivateFile(path)
    // SQLite's exclusive lock is the only portable kernel lock that is available in Node.js.
    database = new DatabaseSync(path, { timeout: 0 })
    database.exec('pragma locking_mode = exclusive; begin exclusive')
  } catch (error) {
    database?.close()
    throw lockError(directory, error)
  }
  held.add(database)
  const locked = database
  return {
    release: () => release(locked),
    discard() {
      // The lock file is deleted before the lock is released, because another process may own the file afterwards.
      if (!existed && held.has(locked)) rmSync(path, { force: true })
      release(locked)
    },
  }
}

function lockError(directory: string, cause: unknown): ConfigurationError {
  return sqliteCode(cause) === sqliteCodes.busy
    ? new ConfigurationError(`another signet serve owns the data folder ${directory}`, { cause })
    : new ConfigurationError(
        `the data folder ${directory} cannot be locked: ${systemErrorText(cause)}`,
        { cause },
      )
}

function release(database: DatabaseSync): void {
  if (held.delete(database)) database.close()
}
