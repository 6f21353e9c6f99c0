/** Opens what is kept: the database, and the master key that its secrets are encrypted under. */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { printProblem } from '../terminal.ts'
import type { Config } from '../settings/config.ts'
import {
  deriveSealer,
  hasMasterKey,
  openMasterKey,
  verifyMasterKey,
  type MasterKey,
} from './master-key.ts'
import type { Sealer } from '../sealer.ts'
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
  readonly masterKey: MasterKey
  /** Seals the secrets of access keys. */
  readonly sealer: Sealer
}

/** `mayCreate` creates the database and the master key if neither exists; the server passes the settings of an engine. */
type DataOptions = Omit<OpenOptions, 'random' | 'acceptLoss'> & EngineSettings['sqlite']

/** Returns all texts in the configuration, which include every path of a file. */
export function pathsOf(settings: object): string[] {
  return Object.values(settings).flatMap((value: unknown) => {
    if (typeof value === 'string') return [value]
    return typeof value === 'object' && value !== null ? pathsOf(value) : []
  })
}

/** Where the embedded object store has its buckets. */
export function bucketsFolder({ dataDirectory }: Pick<Config, 'dataDirectory'>): string {
  return join(dataDirectory, 'objects')
}

/**
 * Opens the data folder, which must exist, and the database in it or on a server. Throws ConfigurationError when one is
 * missing, the key is not that of the database, or a newer version wrote it.
 */
export async function openData(
  config: Config,
  { mayCreate, onFailure, ...sqlite }: DataOptions,
): Promise<DataFolder> {
  const location = locateDatabase(config)
  const engine = await loadEngine(location, { sqlite })
  const random = systemRandom
  // Only the process that may create the database decides about a loss.
  const acceptLoss = mayCreate && config.acceptLoss
  const exists = engine.exists({ mayCreate, acceptLoss })
  const openKey = (mayCreateKey: boolean): Promise<MasterKey> =>
    openWholeKey({ path: config.masterKeyFile, mayCreate: mayCreateKey, random })
  const early = exists === undefined ? undefined : await openKey(!exists)
  const db = await engine.open({ mayCreate, random, acceptLoss, ...(onFailure && { onFailure }) })
  const takeKey = async (): Promise<MasterKey> => {
    // No node may create a second master key for a database that has one.
    const masterKey = early ?? (await openKey(mayCreate && !(await hasMasterKey(db))))
    await verifyMasterKey(db, masterKey)
    return masterKey
  }
  return closingOnFailure(db, async () => {
    const masterKey = await (mayCreate && db.shared ? db.shared.runExclusively(takeKey) : takeKey())
    const sealer = deriveSealer(masterKey, 'access keys', random)
    return { db, engine, location, masterKey, sealer }
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
