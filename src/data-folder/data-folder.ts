/** Opens what is kept: the database, and the master key that its secrets are encrypted under. */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { printProblem } from '../terminal.ts'
import type { Config, DatabaseConfig } from '../settings/config.ts'
import { damageWarning } from './damage-warning.ts'
import { ConfigurationError } from '../errors.ts'
import {
  deriveSealer,
  hasMasterKey,
  openMasterKey,
  verifyMasterKey,
  type MasterKey,
} from './master-key.ts'
import { requireNeverThere } from './own-database.ts'
import type { Sealer } from '../sealer.ts'
import { systemRandom } from '../random.ts'
import type { Database } from '../store/database.ts'
import { diskFaultOf } from '../store/disk-faults.ts'
import { noteLoss } from '../store/sqlite/lost-writes.ts'
import type { Ownership } from '../store/sqlite/ownership.ts'
import type { PostgresConnectionOptions } from '../store/postgres/connection-options.ts'
import { openSqlite } from '../store/sqlite/database.ts'
import type { SqliteWriter } from '../store/sqlite/writer-client.ts'
import { unfinishedPath } from '../store/sqlite/restore.ts'

export interface DataFolder {
  readonly db: Database
  /** Absolute path of the SQLite file, or where the PostgreSQL database is. */
  readonly location: string | PostgresConnectionOptions
  readonly masterKey: MasterKey
  /** Seals the secrets of access keys. */
  readonly sealer: Sealer
}

export interface OpenOptions {
  /** Makes database and master key if neither is there yet. */
  readonly mayCreate: boolean
  readonly onFailure?: (error: Error) => void
  /** Who writes to a SQLite database that it has opened already; a thread of this process unless said otherwise. */
  readonly writer?: (path: string, ownership: Ownership | undefined) => SqliteWriter
  /** Set by the server that owns a SQLite database: takes ownership before the database is opened. */
  readonly own?: (path: string) => Promise<Ownership>
}

/** Absolute path of the SQLite file in a data folder. */
export function databaseFile({ dataDirectory }: Pick<Config, 'dataDirectory'>): string {
  return join(dataDirectory, 'signet.sqlite')
}

/** Beside what this node notes that its PostgreSQL database is damaged. */
export function sharedDamagePath({ dataDirectory }: Pick<Config, 'dataDirectory'>): string {
  return join(dataDirectory, 'postgresql')
}

/** Where a PostgreSQL database is, with its password. */
export function placeOf({
  password,
  pool: _pool,
  ...place
}: DatabaseConfig): PostgresConnectionOptions {
  return { ...place, password: password.value }
}

/** Where the embedded object store has its buckets. */
export function bucketsFolder({ dataDirectory }: Pick<Config, 'dataDirectory'>): string {
  return join(dataDirectory, 'objects')
}

/**
 * Opens the data folder, which must exist, and the database in it or on a server. Throws ConfigurationError when one is
 * missing, the key is not that of the database, or a newer version wrote it.
 */
export async function openData(config: Config, options: OpenOptions): Promise<DataFolder> {
  const opened =
    config.database === undefined
      ? await openFile(config, options)
      : await openShared(config, config.database, options)
  return { ...opened, sealer: deriveSealer(opened.masterKey, 'access keys', systemRandom) }
}

type Opened = Omit<DataFolder, 'sealer'>

async function openFile(
  config: Config,
  { mayCreate, onFailure, writer, own }: OpenOptions,
): Promise<Opened> {
  const path = databaseFile(config)
  const exists = existsSync(path)
  if (!exists && existsSync(unfinishedPath(path)))
    throw new ConfigurationError(
      `a restore into ${config.dataDirectory} is going on, or was cut short; run "signet restore" again`,
    )
  if (!exists && !mayCreate)
    throw new ConfigurationError(
      `there is no database in ${config.dataDirectory}; "signet serve" makes one when it first starts`,
    )
  if (!exists) requireNeverThere(path, config.acceptLoss)
  const masterKey = await openWholeKey({
    path: config.masterKeyFile,
    mayCreate: !exists,
    random: systemRandom,
  })
  const ownership = await own?.(path)
  const db = await openSqlite(path, {
    ownership,
    ...(onFailure && { onFailure }),
    ...(writer && { writer: writer(path, ownership) }),
  })
  return closingOnFailure(db, async () => {
    if (own === undefined && writer === undefined) noteLoss(path)
    await verifyMasterKey(db, masterKey)
    return { db, location: path, masterKey }
  })
}

/** The database is asked whether it has a master key already: then no node may make one. */
async function openShared(
  config: Config,
  database: DatabaseConfig,
  { mayCreate }: OpenOptions,
): Promise<Opened> {
  const location = placeOf(database)
  const { openPostgres } = await import('../store/postgres/database.ts')
  const damagePath = sharedDamagePath(config)
  const options = { pool: database.pool, random: systemRandom, mayCreate, damagePath }
  const db = await openPostgres(location, options)
  const takeKey = async (): Promise<MasterKey> => {
    const masterKey = await openWholeKey({
      path: config.masterKeyFile,
      mayCreate: mayCreate && !(await hasMasterKey(db)),
      random: systemRandom,
    })
    await verifyMasterKey(db, masterKey)
    return masterKey
  }
  return closingOnFailure(db, async () => {
    const masterKey = mayCreate ? await db.shared.alone(takeKey) : await takeKey()
    return { db, location, masterKey }
  })
}

/** A key file that could not be written whole is taken away again: the next start would take it for a damaged one. */
async function openWholeKey(options: Parameters<typeof openMasterKey>[0]): Promise<MasterKey> {
  const { path } = options
  const wasThere = existsSync(path)
  try {
    return await openMasterKey(options)
  } catch (error) {
    if (!wasThere && diskFaultOf(error, path) !== undefined) await rm(path, { force: true })
    throw error
  }
}

async function closingOnFailure<T>(db: Database, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await db.close()
    throw error
  }
}

/** Opens the data folder for one piece of work. Throws ConfigurationError if there is none. */
export async function withData<T>(
  config: Config,
  work: (data: DataFolder) => Promise<T>,
): Promise<T> {
  const data = await openData(config, { mayCreate: false })
  const damage = data.db.damage?.()
  if (damage !== undefined) printProblem(`warning: ${damageWarning(damage)}`)
  try {
    return await work(data)
  } finally {
    await data.db.close()
  }
}
