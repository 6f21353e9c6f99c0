/**
 * Runs background jobs. Each job checks for due work at a regular interval, so a crash or a lost wake-up only delays the work.
 * Jobs with leased work can have several runs at the same time, so a long run does not delay the other runs.
 */
import type { Services } from '../../services.ts'
import { nearestStorable } from '../../text/storable-text.ts'
import type { JobTimes } from './job-times.ts'
import { putJobOutcome, type JobOutcome } from '../../store/job-outcomes.ts'

export interface Job<Name extends string = string> {
  readonly name: Name
  /** Interval between two runs of the job. `wake` can start a run earlier. */
  readonly everySeconds: number
  /** Maximum number of concurrent runs of the job; the default is one. */
  readonly runsMax?: number
  /**
   * Performs a limited amount of the due work. Long work must stop when `signal` is aborted, because the server is then stopping.
   * If the run throws an error, the error is logged and the job runs again later.
   */
  run(services: Services, signal: AbortSignal): Promise<JobResult>
}

/** Number of finished items, and number of failed items that a later run retries. */
export interface JobResult {
  done: number
  failed: number
}

export interface Scheduler {
  /** Starts a run of the job immediately, or after the current run. */
  wake(job: string): void
  /** Runs the job immediately, and resolves when the job finds no more work. */
  run(job: string): Promise<void>
  times(): readonly JobTimes[]
  /** Prevents further runs of all jobs. Resolves when the current runs are finished. */
  stop(): Promise<void>
}

/** Runs every job immediately and then at the job's interval, until `stop` is called. */
export function startScheduler(jobs: readonly Job[], services: Services): Scheduler {
  const loops = new Map(jobs.map((job) => [job.name, startLoop(job, services)]))
  return {
    wake: (name) => loops.get(name)?.wake(),
    run: async (name) => loops.get(name)?.run(),
    times: () => [...loops.values()].map((loop) => loop.times()),
    stop: async () => {
      await Promise.all([...loops.values()].map((loop) => loop.stop()))
    },
  }
}

interface Loop {
  wake(): void
  run(): Promise<void>
  times(): JobTimes
  stop(): Promise<void>
}

function startLoop(job: Job, services: Services): Loop {
  const { runsMax = 1, everySeconds } = job
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()
  let woken = false
  let timer: NodeJS.Timeout | undefined
  let nextRunAt: Date | undefined
  let lastStartedAt: Date | undefined
  let lastSucceededAt: Date | undefined

  const runAndNote = async (): Promise<void> => {
    if (await runOnce(job, services, stopping.signal)) lastSucceededAt = services.clock.now()
  }
  const start = (): void => {
    clearTimeout(timer)
    if (stopping.signal.aborted) return
    const now = services.clock.now()
    nextRunAt = new Date(now.getTime() + everySeconds * 1000)
    // The timer for the next run does not keep the process alive if the process has no other work.
    timer = setTimeout(start, everySeconds * 1000).unref()
    if (running.size >= runsMax) return
    woken = false
    lastStartedAt = now
    const run = runAndNote().finally(() => {
      running.delete(run)
      if (woken) start()
    })
    running.add(run)
  }
  const wake = (): void => {
    woken = true
    if (running.size === 0) start()
  }
  start()
  return {
    wake,
    async run() {
      wake()
      while (running.size > 0) await Promise.all(running)
    },
    times: () => ({ name: job.name, everySeconds, lastStartedAt, lastSucceededAt, nextRunAt }),
    async stop() {
      stopping.abort()
      nextRunAt = undefined
      clearTimeout(timer)
      await Promise.all(running)
    },
  }
}

/** Runs a job once, and resolves to whether the run succeeded. Most runs find no work, and these runs are not recorded. */
async function runOnce(job: Job, services: Services, signal: AbortSignal): Promise<boolean> {
  const { clock, log, metrics, db } = services
  // In a damaged database, the wrong rows may be due, and the outcome of the run cannot be stored.
  if (db.damage?.() !== undefined) return false
  const startedAt = clock.now().getTime()
  try {
    const { done, failed } = await job.run(services, signal)
    if (done + failed === 0) return true
    metrics.jobRun(job.name, failed === 0 ? 'success' : 'failure')
    const finishedAt = clock.now()
    const milliseconds = millisecondsBetween(startedAt, finishedAt)
    log.debug({ job: job.name, done, failed, milliseconds }, 'job run')
    await record(services, job, { finishedAt, milliseconds, done, failed, error: undefined })
    return failed === 0
  } catch (error) {
    metrics.jobRun(job.name, 'failure')
    log.error({ job: job.name, err: error }, 'a job failed; the server retries')
    const finishedAt = clock.now()
    const milliseconds = millisecondsBetween(startedAt, finishedAt)
    const text = nearestStorable(error instanceof Error ? error.message : String(error))
    await record(services, job, { finishedAt, milliseconds, done: 0, failed: 1, error: text })
    return false
  }
}

/** Returns the time between two clock readings, or zero if the clock was set back between the readings. */
function millisecondsBetween(startedAt: number, finishedAt: Date): number {
  return Math.max(0, finishedAt.getTime() - startedAt)
}

/** Stores the outcome of a run for `signet jobs list`. If the outcome cannot be stored, the failure is logged. */
async function record(
  { db, log }: Services,
  job: Job,
  outcome: Omit<JobOutcome, 'job'>,
): Promise<void> {
  try {
    await db.transaction([putJobOutcome({ job: job.name, ...outcome })])
  } catch (error) {
    log.error({ job: job.name, err: error }, 'the outcome of a job cannot be recorded')
  }
}
