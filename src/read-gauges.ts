import type { Gauges } from './metrics.ts'
import type { Services } from './services.ts'
import { listCrlStandings } from './store/crls.ts'
import { listAuthorityExpiries } from './store/installed-certificates.ts'
import { listJobQueues } from './store/job-outcomes.ts'

const dayMilliseconds = 86_400_000

/** Looks up what metrics show of the present. */
export async function readGauges(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  gauges: Gauges,
): Promise<void> {
  const now = clock.now()
  for (const { authorityId, generatedAt, size, entries } of await listCrlStandings(db)) {
    const ageSeconds = (now.getTime() - generatedAt.getTime()) / 1000
    gauges.crl({ authorityId, ageSeconds, size, entries })
  }
  for (const { job, due } of await listJobQueues(db, now)) gauges.queueDepth(job, due)
  for (const { id, notAfter } of await listAuthorityExpiries(db))
    gauges.daysToExpiry(id, (notAfter.getTime() - now.getTime()) / dayMilliseconds)
}
