/** Who owns a data folder: a lock of the kernel's, gone with the process however it ends. */
import { access, chmod, constants, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ConfigurationError } from '../errors.ts'
import { createPrivateFile, sqliteCode, sqliteCodes } from './sqlite-connection.ts'

export interface FolderLock {
  release(): void
}

/**
 * Makes the folder, for its owner only, or tightens one that is there. Throws ConfigurationError if that cannot be
 * done.
 */
export async function prepareDataFolder(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    if (((await stat(directory)).mode & 0o777) !== 0o700) await chmod(directory, 0o700)
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new ConfigurationError(
      `the data folder ${directory} cannot be used: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

/**
 * Takes the folder. Throws ConfigurationError if another process has it, or if the lock cannot be taken at all.
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
  return { release: () => close(database) }
}

function lockError(directory: string, cause: unknown): ConfigurationError {
  return sqliteCode(cause) === sqliteCodes.busy
    ? new ConfigurationError(`another signet serve owns the data folder ${directory}`, { cause })
    : new ConfigurationError(
        `the data folder ${directory} cannot be locked: ${(cause as Error).message}`,
        { cause },
      )
}

function close(database: DatabaseSync): void {
  if (database.isOpen) database.close()
}
