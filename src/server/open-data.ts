/** What the one process that owns a data folder does with it at its start and at its end. */
import { hostname } from 'node:os'
import type { ProcessContext } from './make-services.ts'
import type { Config } from '../settings/config.ts'
import { openData, type DataFolder } from '../data-folder/data-folder.ts'
import { prepareFirstStart, type CredentialsFile } from '../data-folder/first-start.ts'
import { recordKeyUses } from '../jobs/record-key-uses.ts'
import type { Services } from '../services.ts'
import { listOwners } from '../store/certificate-search.ts'
import { databaseFile, locateDatabase, loadEngine } from '../store/engines/index.ts'
import { lockFolder, prepareDataFolder } from '../store/sqlite/folder-lock.ts'
import { ownDatabase, type OwnDatabase } from '../store/sqlite/own-database.ts'
import { watchDatabase } from '../store/sqlite/watch-database.ts'
import { afterRestore } from '../store/after-restore.ts'
import { releaseLeases } from '../store/leases.ts'
import { servedRegions } from '../wire/region.ts'

/** Opens what is kept, and makes what is missing of it, for the one process that may do so. */
export async function openOwnData(
  config: Config,
  {
    stack,
    writer,
    ...surroundings
  }: ProcessContext & {
    stack: AsyncDisposableStack
    writer?: Parameters<typeof openData>[1]['writer']
  },
): Promise<{ readonly data: DataFolder; readonly credentials: CredentialsFile }> {
  await prepareDataFolder(config.dataDirectory)
  // A database on a server is its own guard, and servers that share it may share the folder.
  const { isShared } = await loadEngine(locateDatabase(config))
  const lock = isShared ? undefined : lockFolder(config.dataDirectory)
  stack.defer(() => lock?.release())
  const { onFailure, wrapDatabase = (db) => db, log, random, clock } = surroundings
  let owned: OwnDatabase | undefined
  const own = async (path: string): Promise<OwnDatabase> => {
    const { acceptLoss } = config
    owned = await ownDatabase(path, { random, log, acceptLoss, process: thisProcess() })
    return owned
  }
  const options = { mayCreate: true, own, onFailure, ...(writer && { writer }) }
  const opened = await openData(config, options)
  stack.defer(() => opened.db.close())
  if (owned !== undefined)
    stack.defer(watchDatabase(opened.db, databaseFile(config), { owned, log, onFailure }))
  const data = { ...opened, db: wrapDatabase(opened.db) }
  const credentials = await prepareFirstStart(config, data, surroundings)
  await warnOfUnservedRegions(config, data, surroundings)
  // Whoever holds the folder's lock is the only one; other nodes' leases are theirs.
  if (data.db.shared === undefined && data.db.damage?.() === undefined)
    await data.db.transaction(releaseLeases())
  if (owned?.accepted !== undefined) {
    // As after a restore: revocations on published CRLs are taken over.
    await data.db.transaction(afterRestore(clock.now(), undefined))
    log.warn(
      { lost: owned.accepted.reason },
      'the loss of writes is accepted; serving the remaining data',
    )
  }
  return { data, credentials }
}

/** Logs Regions with CAs that are not served: an earlier version served them, or `--regions` listed them. */
async function warnOfUnservedRegions(
  config: Pick<Config, 'regions'>,
  { db }: DataFolder,
  { log }: Pick<ProcessContext, 'log'>,
): Promise<void> {
  const served = servedRegions(config.regions)
  const regions = [...new Set((await listOwners(db, undefined)).map(({ region }) => region))]
  const unserved = regions.filter((region) => !served.has(region))
  if (unserved.length === 0) return
  const message =
    'the database has CAs in Regions that are not served; add them to --regions to reach these CAs'
  log.warn({ regions: unserved }, message)
}

function thisProcess(): string {
  return `process ${process.pid} on ${hostname()}`
}

/** A database that is away keeps no server from stopping. */
export async function recordLastUses(services: Services): Promise<void> {
  try {
    await recordKeyUses.run(services)
  } catch (error) {
    services.log.error({ err: error }, 'the last uses of access keys cannot be recorded')
  }
}
