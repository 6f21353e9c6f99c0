/** Gauges that are read from the database. */
import { statusAt } from '../../authority/status.ts'
import type { Services } from '../../services.ts'
import { listAuthorityStates } from '../../store/authority-states.ts'
import { listWaitingCertificates } from '../../store/certificate-intents.ts'
import { listCrlStatuses } from '../../store/crls.ts'
import { listJobQueues } from '../../store/job-outcomes.ts'
import { findLastBackup } from '../../store/last-backup.ts'
import type { Gauges } from '../../telemetry/metrics.ts'
import { dayMilliseconds } from '../../text/duration.ts'
import { createExpiryCounts } from './expiry-counts.ts'

type DatabaseServices = Pick<Services, 'db' | 'bulk' | 'clock' | 'log'>

/**
 * Returns a function that sets the gauges. The returned function rejects if the database cannot be read. `closing` aborts when
 * the server stops.
 */
export function createDatabaseGauges(
  services: DatabaseServices,
  closing: AbortSignal,
): (gauges: Gauges) => Promise<void> {
  const { db, clock } = services
  const expiryCounts = createExpiryCounts(services, closing)
  return async (gauges) => {
    const now = clock.now()
    await readAuthorities(services, gauges, now)
    await readCrls(services, gauges, now)
    for (const { authorityId, count, oldestAt } of await listWaitingCertificates(db)) {
      gauges.certificatesWaiting(authorityId, count)
      gauges.certificatesWaitingAge(authorityId, (now.getTime() - oldestAt.getTime()) / 1000)
    }
    for (const { job, due } of await listJobQueues(db, now)) gauges.queueDepth(job, due)
    const backup = await findLastBackup(db)
    if (backup !== undefined) gauges.backupAge((now.getTime() - backup.getTime()) / 1000)
    gauges.databaseSize(await db.sizeBytes())
    for (const { authorityId, within, certificates } of await expiryCounts())
      gauges.certificatesExpiring(authorityId, within, certificates)
  }
}

/** Sets the gauges of the CAs. A deleted CA that can be restored has only a status. */
async function readAuthorities({ db }: DatabaseServices, gauges: Gauges, now: Date): Promise<void> {
  const keys = new Map<string, number>()
  for (const authority of await listAuthorityStates(db, now)) {
    const { id, name, type, certificate, deletion, keyHandle } = authority
    // The scheme of a handle names its key store.
    const store = keyHandle?.split(':', 1)[0]
    if (store !== undefined) keys.set(store, (keys.get(store) ?? 0) + 1)
    const status = statusAt(authority, now)
    if (status !== undefined) gauges.authorityInfo(id, name, type, status, 1)
    if (certificate !== undefined && deletion === undefined)
      gauges.daysToExpiry(id, (certificate.notAfter.getTime() - now.getTime()) / dayMilliseconds)
  }
  for (const [store, count] of keys) gauges.caKeys(store, count)
}

async function readCrls({ db }: DatabaseServices, gauges: Gauges, now: Date): Promise<void> {
  for (const { authorityId, generatedAt, nextUpdate, size, entries } of await listCrlStatuses(db)) {
    gauges.crlAge(authorityId, (now.getTime() - generatedAt.getTime()) / 1000)
    if (nextUpdate !== undefined) gauges.crlNextUpdate(authorityId, nextUpdate.getTime() / 1000)
    gauges.crlSize(authorityId, size)
    gauges.crlEntries(authorityId, entries)
  }
}
