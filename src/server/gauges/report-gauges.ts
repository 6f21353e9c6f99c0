/** A server's gauges, whose values are computed whenever the metrics are read. */
import { statfs } from 'node:fs/promises'
import { createHealth } from '../../http/health.ts'
import type { Services } from '../../services.ts'
import type { Config } from '../../settings/config.ts'
import { publicUrlWarning } from '../../settings/config-warnings.ts'
import { withTimeout } from '../../store/deadline.ts'
import type { Gauges } from '../../telemetry/metrics.ts'
import { createDatabaseGauges } from './database-gauges.ts'

export interface GaugeSources {
  readonly config: Config
  readonly services: Pick<Services, 'db' | 'bulk' | 'clock' | 'log' | 'metrics' | 'publicUrl'>
  readonly stack: Pick<AsyncDisposableStack, 'defer'>
  /** Returns the number of processes that currently serve requests. */
  readonly runningWorkers: () => number
}

/**
 * Time limit for reading the database, in milliseconds. Prometheus waits ten seconds for all metrics, and reading the metrics
 * of the other processes may take two seconds.
 */
const readMilliseconds = 3000

/** Registers a function that sets the gauges whenever the metrics are read. */
export function reportGauges(sources: GaugeSources): void {
  const { services, config } = sources
  const closing = new AbortController()
  sources.stack.defer(() => closing.abort())
  const readDatabase = createDatabaseGauges(services, { config, closing: closing.signal })
  const readHealth = createHealthGauges(services)
  services.metrics.onRead(async (gauges) => {
    const database = withTimeout(
      readMilliseconds,
      readDatabase(gauges),
      'the gauges could not be read in time',
    )
    const [result] = await Promise.allSettled([
      database,
      readHealth(gauges),
      readDisk(config, gauges),
    ])
    gauges.workers(sources.runningWorkers())
    gauges.workersConfigured(config.workers)
    if (publicUrlWarning(config) !== undefined) gauges.publicUrlUnreachable(services.publicUrl, 1)
    if (result.status === 'fulfilled') return
    services.log.warn({ err: result.reason }, 'metrics from the database are missing')
    throw result.reason
  })
}

/**
 * Returns a function that sets the gauges for the server's health. The primary's health represents the whole server, because all
 * writes pass through the primary.
 */
function createHealthGauges({ db, clock }: GaugeSources['services']) {
  let probeMilliseconds: number | undefined
  const health = createHealth(db, clock, (milliseconds) => (probeMilliseconds = milliseconds))
  return async (gauges: Gauges): Promise<void> => {
    gauges.healthy((await health()) === undefined ? 1 : 0)
    if (probeMilliseconds !== undefined) gauges.databaseProbe(probeMilliseconds / 1000)
  }
}

/** Sets the gauges for the disk. If the file system cannot be queried, the disk gauges are absent. */
async function readDisk({ dataDirectory }: Config, gauges: Gauges): Promise<void> {
  const { bavail, blocks, bsize } = await statfs(dataDirectory)
  gauges.diskFree(bavail * bsize)
  gauges.diskSize(blocks * bsize)
}
