/** Who owns a data folder: a lock of the kernel's, gone with the process however it ends. */
import { chmod, mkdir, stat } from 'node:fs/promises'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ConfigurationError } from '../errors.ts'
import { sqliteCode, sqliteCodes } from './sqlite-connection.ts'

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
  } catch (error) {
    throw new ConfigurationError(
      `the data folder ${directory} cannot be used: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

/** Takes the folder, or throws ConfigurationError if another process has it. */
export function lockFolder(directory: string): FolderLock {
  const path = join(directory, 'lock')
  closeSync(openSync(path, 'a', 0o600))
  // SQLite's exclusive lock is the portable way to the kernel's that Node.js has.
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec('pragma locking_mode = exclusive; begin exclusive')
  } catch (error) {
    database.close()
    if (sqliteCode(error) !== sqliteCodes.busy) throw error
    throw new ConfigurationError(`another signet serve owns the data folder ${directory}`, {
      cause: error,
    })
  }
  return { release: () => database.close() }
}
