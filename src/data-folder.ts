/** Opens what is kept: the database in the data folder, and the master key that its secrets are encrypted under. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from './config.ts'
import { ConfigurationError } from './errors.ts'
import { deriveSealer, openMasterKey, verifyMasterKey, type MasterKey } from './keys/master-key.ts'
import type { Sealer } from './sealer.ts'
import { systemRandom } from './random.ts'
import { openSqlite, type SqliteDatabase } from './store/sqlite.ts'

export interface DataFolder {
  readonly db: SqliteDatabase
  /** Absolute path of the database file. */
  readonly databasePath: string
  readonly masterKey: MasterKey
  /** Seals the secrets of access keys. */
  readonly sealer: Sealer
}

const databaseFile = 'signet.sqlite'

/** Where the embedded object store has its buckets. */
export function bucketsFolder({ dataDirectory }: Pick<Config, 'dataDirectory'>): string {
  return join(dataDirectory, 'objects')
}

/**
 * Opens the data folder, which must exist; `mayCreate` makes database and master key if neither is there yet. Throws
 * ConfigurationError when one is missing, the key is not that of the database, or a newer version wrote it.
 */
export async function openData(
  config: Config,
  options: { readonly mayCreate: boolean; readonly onFailure?: (error: Error) => void },
): Promise<DataFolder> {
  const path = join(config.dataDirectory, databaseFile)
  const exists = existsSync(path)
  if (!exists && !options.mayCreate)
    throw new ConfigurationError(
      `there is no database in ${config.dataDirectory}; "signet serve" makes one when it first starts`,
    )
  const masterKey = await openMasterKey({
    path: config.masterKeyFile,
    mayCreate: !exists,
    random: systemRandom,
  })
  const { onFailure } = options
  const db = await openSqlite(path, onFailure === undefined ? {} : { onFailure })
  try {
    await verifyMasterKey(db, masterKey)
  } catch (error) {
    await db.close()
    throw error
  }
  return {
    db,
    databasePath: path,
    masterKey,
    sealer: deriveSealer(masterKey, 'access keys', systemRandom),
  }
}

/** Opens the data folder for one piece of work. Throws ConfigurationError if there is none. */
export async function withData<T>(
  config: Config,
  work: (data: DataFolder) => Promise<T>,
): Promise<T> {
  const data = await openData(config, { mayCreate: false })
  try {
    return await work(data)
  } finally {
    await data.db.close()
  }
}
