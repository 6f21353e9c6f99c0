/**
 * State that all of a server's processes share: request rates, limits, the call log, metrics and jobs. The process that owns the
 * data holds the shared state, and workers access it through the primary.
 */
import {
  createAddressLimiter,
  type AddressLimiter,
  type LocalAddressLimiter,
} from '../access/address-limiter.ts'
import { createRateLimiter, type RateLimiter } from '../access/rate-limiter.ts'
import type { CallLog } from '../call-log/call-log.ts'
import type { CallLogPort } from '../call-log/call-recorder.ts'
import type { Job, Scheduler } from '../jobs/scheduler/scheduler.ts'
import { startScheduler } from '../jobs/scheduler/scheduler.ts'
import type { ServerState } from '../operations/server/server-info.ts'
import type { Services } from '../services.ts'
import { readRates } from '../settings/rates-file.ts'
import type { Metrics, ProcessFaults } from '../telemetry/metrics.ts'
import { version } from '../version.ts'
import type { Runtime } from './runtime.ts'
import type { PrimaryConnection } from './workers/primary-connection.ts'

export interface SharedState {
  readonly rateLimiter: RateLimiter
  /** For each source address, counts new ACME accounts and changes to the keys and contacts of accounts. */
  readonly accountChanges: AddressLimiter
  /** The call log, or undefined if calls are not logged. */
  readonly callLog: CallLogPort | undefined
  readonly metrics: Metrics
  readonly wake: Services['wake']
  readonly serverState: () => Promise<ServerState>
  /** Reloads the rates and reopens the call log. Throws ConfigurationError if the rates are invalid. */
  readonly reload: () => void
}

export interface OwnState extends SharedState {
  readonly accountChanges: LocalAddressLimiter
  readonly callLog: CallLog | undefined
  readonly startJobs: (jobs: readonly Job[], services: Services) => void
  /** Runs a job immediately, and resolves when the job has no work left. */
  readonly runJob: (job: string) => Promise<void>
}

/**
 * Maximum number of new ACME accounts and account changes from one source address in one hour. Many machines can share an
 * address.
 */
const accountChangesPerHour = 100

/**
 * Creates the shared state in the process that owns the data. Throws ConfigurationError if the rates are invalid or the call
 * log is not writable.
 */
export async function createOwnState(
  runtime: Runtime,
  { metrics, workers = () => 1 }: { metrics?: Metrics; workers?: () => number } = {},
): Promise<OwnState> {
  const { config, clock, stack, faults } = runtime
  const startedAt = clock.now()
  const rateLimiter = createRateLimiter(readRates(config.rates), clock)
  const callLog = await openCallLogOf(runtime)
  let scheduler: Scheduler | undefined
  return {
    rateLimiter,
    accountChanges: createAddressLimiter(accountChangesPerHour, clock),
    callLog,
    metrics: metrics ?? (await createProcessMetrics(faults)),
    wake: (job) => scheduler?.wake(job),
    runJob: async (job) => scheduler?.run(job),
    // oxlint-disable-next-line typescript/require-await -- a worker waits for its primary here
    serverState: async () => ({ startedAt, workers: workers(), jobs: scheduler?.times() ?? [] }),
    startJobs(jobs, services) {
      const started = startScheduler(jobs, services)
      scheduler = started
      stack.defer(() => started.stop())
    },
    reload() {
      callLog?.reopen()
      rateLimiter.use(readRates(config.rates))
    },
  }
}

/** Creates the object through which a worker accesses the shared state in the primary. */
export async function createWorkerState(
  { config, faults }: Runtime,
  primary: PrimaryConnection,
): Promise<SharedState> {
  const rateLimiter = primary.rateLimiter(readRates(config.rates))
  return {
    rateLimiter,
    accountChanges: primary.accountChanges,
    callLog: config.callLog === undefined ? undefined : primary.callLog,
    // A worker returns the metrics of all of the server's processes.
    metrics: { ...(await createProcessMetrics(faults)), text: () => primary.allMetrics() },
    wake: (job) => primary.wake(job),
    serverState: () => primary.serverState(),
    reload: () => rateLimiter.use(readRates(config.rates)),
  }
}

/** The metrics are imported only when needed, because an embedded CA does not use them and prom-client is slow to load. */
async function createProcessMetrics(faults: ProcessFaults | undefined): Promise<Metrics> {
  const { createMetrics } = await import('../telemetry/metrics.ts')
  const { processRegistry } = await import('../telemetry/process-metrics.ts')
  return createMetrics({ version: version(), faults, process: processRegistry() })
}

async function openCallLogOf({ config, log, clock, stack }: Runtime): Promise<CallLog | undefined> {
  if (config.callLog === undefined) return undefined
  const { openCallLog } = await import('../call-log/open-call-log.ts')
  const callLog = await openCallLog(config.callLog, log, clock)
  stack.defer(() => callLog.close())
  return callLog
}
