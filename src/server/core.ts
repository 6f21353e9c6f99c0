/** What one process of a server has, whichever answer requests: what counts for all of them, and the jobs. */
import { createRateLimiter, type RateLimiter } from '../access/rate-limiter.ts'
import {
  createServices,
  openStores,
  type PublicEndpoint,
  type OpenStores,
  type ProcessContext,
} from './make-services.ts'
import type { CallLog } from '../call-log/call-log.ts'
import { publicUrlWarning } from '../settings/config-warnings.ts'
import type { Config } from '../settings/config.ts'
import type { DataFolder } from '../data-folder/data-folder.ts'
import { createJobs } from '../jobs/index.ts'
import { startScheduler, type Scheduler } from '../jobs/scheduler/scheduler.ts'
import type { Metrics, ProcessFaults } from '../telemetry/metrics.ts'
import { readRates } from '../settings/rates-file.ts'
import { readGauges } from './read-gauges.ts'
import type { Services } from '../services.ts'
import type { TlsSource } from './tls/certificate-source.ts'
import { version } from '../version.ts'

export interface Core extends Pick<OpenStores, 'publicObjects'> {
  readonly services: Services
  readonly rateLimiter: RateLimiter
  readonly callLog: CallLog | undefined
  /** Undefined without TLS. */
  readonly tls: TlsSource | undefined
  readonly place: PublicEndpoint
  /** Starts the jobs, once it is known where the public listener is. */
  readonly startJobs: () => void
  /** Runs a job now, and resolves when it has nothing more to do. */
  readonly runJob: (job: string) => Promise<void>
}

/**
 * Makes it, with Prometheus's metrics unless others are given. Throws ConfigurationError for what is wrong with rates,
 * certificate, call log or list of weak keys, before anything listens.
 */
export async function createCore(
  config: Config,
  {
    data,
    stack,
    metrics,
    ...surroundings
  }: ProcessContext & { data: DataFolder; stack: AsyncDisposableStack; metrics?: Metrics },
): Promise<Core> {
  const rateLimiter = createRateLimiter(readRates(config.rates), surroundings.clock)
  const tls = await openTlsSourceOf(config)
  const callLog = await openCallLogOf(config, surroundings)
  stack.defer(() => callLog?.close())
  const place: PublicEndpoint = { publicUrl: config.publicUrl ?? '' }
  const stores = await openStores(config, { ...surroundings, data, stack, place })
  let scheduler: Scheduler | undefined
  const wake: Services['wake'] = (job) => scheduler?.wake(job)
  const made = {
    data,
    place,
    wake,
    metrics: metrics ?? (await prometheusMetrics(surroundings.faults)),
    ...stores,
  }
  const services = createServices(config, { ...surroundings, ...made })
  services.metrics.onRead(async (gauges) => {
    if (publicUrlWarning(config) !== undefined) gauges.publicUrlUnreachable(place.publicUrl, 1)
    await readGauges(services, gauges)
  })
  return {
    services,
    rateLimiter,
    callLog,
    tls,
    place,
    publicObjects: stores.publicObjects,
    runJob: async (job) => scheduler?.run(job),
    startJobs() {
      scheduler = startScheduler(createJobs(config), services)
      stack.defer(() => scheduler?.stop())
    },
  }
}

/** What an embedded CA has no use for is loaded where it is used: libraries are slow to load. */
async function prometheusMetrics(faults: ProcessFaults | undefined): Promise<Metrics> {
  const { createMetrics } = await import('../telemetry/metrics.ts')
  return createMetrics(version(), faults)
}

async function openCallLogOf(
  { callLog }: Pick<Config, 'callLog'>,
  { log, clock }: Pick<ProcessContext, 'log' | 'clock'>,
): Promise<CallLog | undefined> {
  if (callLog === undefined) return undefined
  const { openCallLog } = await import('../call-log/call-log.ts')
  return openCallLog(callLog, log, clock)
}

async function openTlsSourceOf(config: Config): Promise<TlsSource | undefined> {
  if (config.tls.kind === 'none') return undefined
  const { openTlsSource } = await import('./tls/certificate-source.ts')
  return openTlsSource(config)
}
