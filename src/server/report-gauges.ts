/** The gauges of the server, which show what is in the database. */
import type { Gauges } from '../telemetry/metrics.ts'
import type { Services } from '../services.ts'
import type { Config } from '../settings/config.ts'
import { publicUrlWarning } from '../settings/config-warnings.ts'
import { dayMilliseconds } from '../text/duration.ts'
import { listCrlStatuses } from '../store/crls.ts'
import { withTimeout } from '../store/deadline.ts'
import { listAuthorityExpiries } from '../store/installed-certificates.ts'
import { listJobQueues } from '../store/job-outcomes.ts'

/** Prometheus waits for ten seconds, and reading the metrics of the other processes may take two. */
const readMilliseconds = 3000

/** Sets the gauges whenever the metrics are read. */
export function reportGauges(
  services: Pick<Services, 'db' | 'clock' | 'log' | 'metrics' | 'publicUrl'>,
  config: Config,
): void {
  services.metrics.onRead(async (gauges) => {
    if (publicUrlWarning(config) !== undefined) gauges.publicUrlUnreachable(services.publicUrl, 1)
    await readGauges(services, gauges)
  })
}

/** Reads the gauges from the database. Logs and throws an error if that fails or takes longer than three seconds. */
async function readGauges(
  services: Pick<Services, 'db' | 'clock' | 'log'>,
  gauges: Gauges,
): Promise<void> {
  try {
    await withTimeout(
      readMilliseconds,
      readAll(services, gauges),
      'the gauges were not read in time',
    )
  } catch (error) {
    services.log.warn({ err: error }, 'metrics that come from the database are missing')
    throw error
  }
}

async function readAll(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  gauges: Gauges,
): Promise<void> {
  const now = clock.now()
  for (const { authorityId, generatedAt, size, entries } of await listCrlStatuses(db)) {
    const ageSeconds = (now.getTime() - generatedAt.getTime()) / 1000
    gauges.crlAge(authorityId, ageSeconds)
    gauges.crlSize(authorityId, size)
    gauges.crlEntries(authorityId, entries)
  }
  for (const { job, due } of await listJobQueues(db, now)) gauges.queueDepth(job, due)
  for (const { id, notAfter } of await listAuthorityExpiries(db))
    gauges.daysToExpiry(id, (notAfter.getTime() - now.getTime()) / dayMilliseconds)
}
