/** Opens a data folder in the process that owns it. */
import { hostname } from 'node:os'
import { checkTokenAtStart } from './check-keys.ts'
import type { ProcessContext, Runtime } from './runtime.ts'
import type { Config } from '../settings/config.ts'
import { openData, pathsOf, type DataFolder } from '../data-folder/data-folder.ts'
import { masterKeyId } from '../data-folder/master-key.ts'
import { prepareFirstStart, type CredentialsFile } from '../data-folder/first-start.ts'
import { listOwners } from '../store/certificate-search.ts'
import { databaseFile, locateDatabase, loadEngine } from '../store/engines/index.ts'
import { lockFolder, prepareDataFolder } from '../store/sqlite/folder-lock.ts'
import { ownDatabase, type OwnDatabase } from '../store/sqlite/own-database.ts'
import { watchDatabase } from '../store/sqlite/watch-database.ts'
import { findOpenApprovals } from '../store/approvals.ts'
import { describeWaiting } from '../approval/restore-gate.ts'
import { findWaitingRestore } from '../store/restore-approvals.ts'
import { resetAfterRestore } from '../store/after-restore.ts'
import { releaseLeases } from '../store/leases.ts'
import { appendEvent } from '../store/leaves.ts'
import { recordRow } from '../store/recorded-states.ts'
import { servedRegions } from '../wire/region.ts'

/**
 * Opens the data folder until `stack` is disposed of, and creates missing files. Only one process at a time may have the folder
 * open.
 */
export async function openOwnData(
  config: Config,
  context: ProcessContext,
  stack: AsyncDisposableStack,
): Promise<{ readonly runtime: Runtime; readonly credentials: CredentialsFile }> {
  await prepareDataFolder(config.dataDirectory, pathsOf(config))
  // With a PostgreSQL database, the folder needs no lock, because servers that share the database may also share the folder.
  const { isShared } = await loadEngine(locateDatabase(config))
  const lock = isShared ? undefined : lockFolder(config.dataDirectory)
  stack.defer(() => lock?.release())
  // A PIN that the token refuses is recorded in the data folder.
  await checkTokenAtStart(config, context.log)
  const { onFailure, wrapDatabase = (db) => db, log, random, clock, masterKey } = context
  let owned: OwnDatabase | undefined
  const own = async (path: string): Promise<OwnDatabase> => {
    const { acceptLoss } = config
    owned = await ownDatabase(path, { random, log, acceptLoss, process: thisProcess() })
    return owned
  }
  const options = {
    mayCreate: true,
    own,
    onFailure,
    clock,
    ...(masterKey && { masterKey }),
  }
  const opened = await openData(config, options)
  stack.defer(() => opened.db.close())
  if (owned !== undefined)
    stack.defer(watchDatabase(opened.db, databaseFile(config), { owned, log, onFailure }))
  const data = { ...opened, db: wrapDatabase(opened.db) }
  const credentials = await prepareFirstStart(config, data, context)
  await warnOfUnservedRegions(config, data, context)
  const waiting = await findWaitingRestore(data.db)
  if (waiting !== undefined) log.warn(describeWaiting(waiting))
  // The process that holds the folder's lock is the only server, so all leases are outdated. If the database is shared, other
  // nodes may hold leases.
  if (data.db.shared === undefined && data.db.damage?.() === undefined)
    await data.db.transaction(releaseLeases())
  await recordUnlock(context, data)
  if (owned?.accepted !== undefined) {
    // Makes every CRL due, as after a restore. Revocations that appear only in published CRLs are inserted into the database.
    const now = clock.now()
    const approvals = await findOpenApprovals(data.db, now)
    await data.db.transaction([
      ...resetAfterRestore(now, undefined),
      ...approvals.map((id) =>
        recordRow(
          { table: 'approvals', key: [id] },
          { time: now, actor: { principal: 'accepted loss' } },
        ),
      ),
    ])
    log.warn(
      { lost: owned.accepted.reason },
      'the loss of writes was accepted; the server uses the remaining data',
    )
  }
  return { runtime: { ...context, config, data, stack }, credentials }
}

/**
 * Appends a leaf for each share that unlocked the server, and names the person who entered the share. Another leaf records the
 * unlock.
 */
async function recordUnlock(
  { masterKey, enteredShares = [], clock }: ProcessContext,
  { db }: DataFolder,
): Promise<void> {
  if (masterKey === undefined || db.damage?.() !== undefined) return
  const id = { masterKeyId: masterKeyId(masterKey) }
  const actor = { principal: 'shares of the master key', host: hostname() }
  await db.transaction([
    ...enteredShares.map(({ number, ...who }) =>
      appendEvent(who, { event: 'master-key-share', share: number, ...id }),
    ),
    appendEvent({ time: clock.now(), actor }, { event: 'unlock', ...id }),
  ])
}

/**
 * Logs a warning about Regions that have CAs but are not served. A Region can have CAs but not be served if an earlier version of
 * Signet served it or `--regions` formerly included it.
 */
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
