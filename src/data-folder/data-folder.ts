/** Opens the data folder, which consists of the database and the master key that encrypts the secrets in the database. */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { printProblem } from '../terminal.ts'
import type { Config } from '../settings/config.ts'
import { hasMasterKey, openMasterKey, recordMasterKey, type MasterKey } from './master-key.ts'
import { openMasterKeyRing, type MasterKeyRing } from './master-key-ring.ts'
import { wrappingOf } from './wrapped-master-key.ts'
import type { SealerRing } from '../sealer.ts'
import { systemClock, type Clock } from '../clock.ts'
import { systemRandom } from '../random.ts'
import { damageWarning } from '../store/damage.ts'
import type { Database } from '../store/database.ts'
import { diskFaultOf } from '../store/disk-faults.ts'
import type { Engine, OpenOptions } from '../store/engine.ts'
import {
  loadEngine,
  locateDatabase,
  type DatabaseLocation,
  type EngineSettings,
} from '../store/engines/index.ts'

export interface DataFolder {
  readonly db: Database
  readonly engine: Engine
  readonly location: DatabaseLocation
  readonly masterKeys: MasterKeyRing
  /** Sealers for the secrets of access keys. */
  readonly sealers: SealerRing
}

/**
 * Options for openData. If `mayCreate` is set, openData creates a missing database and its master key. The server also passes
 * settings for the database engine.
 */
type DataOptions = Omit<OpenOptions, 'random' | 'acceptLoss'> &
  EngineSettings['sqlite'] & {
    /** Clock that determines whether tokens from before a rotation are still accepted. The default is the system clock. */
    readonly clock?: Clock
    /** The master key; by default, the key is read from the master key file. */
    readonly masterKey?: MasterKey
  }

/** Returns all strings in the configuration, including every file path. */
export function pathsOf(settings: object): string[] {
  return Object.values(settings).flatMap((value: unknown) => {
    if (typeof value === 'string') return [value]
    return typeof value === 'object' && value !== null ? pathsOf(value) : []
  })
}

/** Returns the folder with the buckets of the embedded object store. */
export function bucketsFolder({ dataDirectory }: Pick<Config, 'dataDirectory'>): string {
  return join(dataDirectory, 'objects')
}

/**
 * Opens an existing data folder and its database. The database is in the folder or on a database server. Throws
 * ConfigurationError if the folder or the database is missing, if the master key belongs to another database, or if a newer
 * version wrote the database.
 */
export async function openData(
  config: Config,
  { mayCreate, onFailure, clock = systemClock, masterKey: ownKey, ...sqlite }: DataOptions,
): Promise<DataFolder> {
  const location = locateDatabase(config)
  const engine = await loadEngine(location, { sqlite })
  const random = systemRandom
  // Only a process that is allowed to create the database can accept the loss of acknowledged writes.
  const acceptLoss = mayCreate && config.acceptLoss
  const exists = engine.exists({ mayCreate, acceptLoss })
  const openKey = async (mayCreateKey: boolean): Promise<MasterKey> =>
    ownKey ??
    openOrCreateKey({
      path: config.masterKeyFile,
      mayCreate: mayCreateKey,
      random,
      wrapping: wrappingOf(config),
    })
  const earlyKey = exists === undefined ? undefined : await openKey(!exists)
  const db = await engine.open({ mayCreate, random, acceptLoss, ...(onFailure && { onFailure }) })
  const loadKeys = async (): Promise<MasterKeyRing> => {
    // A database that has a master key must never get a second master key from another node.
    const masterKey = earlyKey ?? (await openKey(mayCreate && !(await hasMasterKey(db))))
    await recordMasterKey(db, masterKey)
    return openMasterKeyRing(masterKey, { db, clock, random })
  }
  return closeOnFailure(db, async () => {
    const masterKeys = await (mayCreate && db.shared
      ? db.shared.runExclusively(loadKeys)
      : loadKeys())
    const sealers = masterKeys.sealers('access keys')
    return { db, engine, location, masterKeys, sealers }
  })
}

/**
 * Opens the master key. If a disk fault interrupts the creation of a new key file, the incomplete file is removed, so that the
 * next start can create it again.
 */
async function openOrCreateKey(options: Parameters<typeof openMasterKey>[0]): Promise<MasterKey> {
  const { path } = options
  const existed = existsSync(path)
  try {
    return await openMasterKey(options)
  } catch (error) {
    if (!existed && diskFaultOf(error, path) !== undefined) await rm(path, { force: true })
    throw error
  }
}

async function closeOnFailure<T>(db: Database, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await db.close()
    throw error
  }
}

/**
 * Opens the database read-only and without the master key, runs `work` and closes the database. Throws ConfigurationError if
 * the database does not exist or was written by an earlier version of Signet.
 */
export async function withReadOnlyDatabase<T>(
  config: Config,
  work: (data: Pick<DataFolder, 'db' | 'engine'>) => Promise<T>,
): Promise<T> {
  const engine = await loadEngine(locateDatabase(config))
  engine.exists({ mayCreate: false, acceptLoss: false })
  const db = await engine.openReadOnly()
  try {
    return await work({ db, engine })
  } finally {
    await db.close()
  }
}

/** Opens the data folder, runs `work` and closes the database. Throws ConfigurationError if the data folder does not exist. */
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
