/** Gauges whose values are read from the database. */
import { statusAt } from '../../authority/status.ts'
import type { Services } from '../../services.ts'
import type { Config } from '../../settings/config.ts'
import { listAuthorityStates, type AuthorityState } from '../../store/authority-states.ts'
import { listWaitingCertificates } from '../../store/certificate-intents.ts'
import { listCrlStatuses } from '../../store/crls.ts'
import { listJobQueues } from '../../store/job-outcomes.ts'
import { findLastBackup } from '../../store/last-backup.ts'
import type { Gauges } from '../../telemetry/metrics.ts'
import { dayMilliseconds } from '../../text/duration.ts'
import { createExpiryCounts } from './expiry-counts.ts'

type DatabaseServices = Pick<Services, 'db' | 'bulk' | 'clock' | 'log'>

interface DatabaseGaugesOptions {
  readonly config: Pick<Config, 'keys'>
  /** Signal that is aborted when the server stops. */
  readonly closing: AbortSignal
}

/** Returns a function that sets the gauges from the database. The returned function rejects if the database cannot be read. */
export function createDatabaseGauges(
  services: DatabaseServices,
  { config, closing }: DatabaseGaugesOptions,
): (gauges: Gauges) => Promise<void> {
  const { db, clock } = services
  const expiryCounts = createExpiryCounts(services, closing)
  return async (gauges) => {
    const now = clock.now()
    setKeyStores(await readAuthorities(services, gauges, now), config.keys, gauges)
    await readCrls(services, gauges, now)
    for (const { authorityId, count, oldestAt } of await listWaitingCertificates(db)) {
      gauges.certificatesWaiting(authorityId, count)
      gauges.certificatesWaitingAge(authorityId, (now.getTime() - oldestAt.getTime()) / 1000)
    }
    for (const { job, due } of await listJobQueues(db, now)) gauges.queueDepth(job, due)
    const backup = await findLastBackup(db)
    if (backup !== undefined) gauges.backupAge((now.getTime() - backup.createdAt.getTime()) / 1000)
    gauges.databaseSize(await db.sizeBytes())
    for (const { authorityId, within, certificates } of await expiryCounts())
      gauges.certificatesExpiring(authorityId, within, certificates)
  }
}

/** Sets the gauges of the CAs. A deleted CA that can be restored has only the status gauge. */
async function readAuthorities(
  { db }: DatabaseServices,
  gauges: Gauges,
  now: Date,
): Promise<readonly AuthorityState[]> {
  const authorities = await listAuthorityStates(db, now)
  for (const authority of authorities) {
    const { id, name, type, certificate, deletion } = authority
    const status = statusAt(authority, now)
    if (status !== undefined) gauges.authorityInfo(id, name, type, status, 1)
    if (certificate !== undefined && deletion === undefined)
      gauges.daysToExpiry(id, (certificate.notAfter.getTime() - now.getTime()) / dayMilliseconds)
  }
  return authorities
}

/** Sets the gauges of the key stores. Without `standards`, the key store does not depend on a CA's security standard. */
function setKeyStores(
  authorities: readonly AuthorityState[],
  { standards }: Config['keys'],
  gauges: Gauges,
): void {
  for (const { standard, store } of standards ?? []) gauges.keyStorageStandard(standard, store, 1)
  const withKeys = authorities.flatMap(({ keyHandle, keyStorageSecurityStandard: standard }) =>
    // The URI scheme of the handle identifies the key store.
    keyHandle === undefined ? [] : [{ standard, store: keyHandle.split(':', 1)[0] ?? '' }],
  )
  const isMisplaced = ({ standard, store }: (typeof withKeys)[number]): boolean =>
    standards?.some((each) => each.standard === standard && each.store === store) === false
  for (const [store, keys] of Map.groupBy(withKeys, (key) => key.store)) {
    gauges.caKeys(store, keys.length)
    for (const [standard, misplaced] of Map.groupBy(
      keys.filter(isMisplaced),
      (key) => key.standard,
    ))
      gauges.misplacedCaKeys(standard, store, misplaced.length)
  }
}

async function readCrls({ db }: DatabaseServices, gauges: Gauges, now: Date): Promise<void> {
  for (const { authorityId, generatedAt, nextUpdate, size, entries } of await listCrlStatuses(db)) {
    gauges.crlAge(authorityId, (now.getTime() - generatedAt.getTime()) / 1000)
    if (nextUpdate !== undefined) gauges.crlNextUpdate(authorityId, nextUpdate.getTime() / 1000)
    gauges.crlSize(authorityId, size)
    gauges.crlEntries(authorityId, entries)
  }
}
