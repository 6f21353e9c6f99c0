/**
 * Work that runs at its own pace. A job looks by itself for what is due, so that a crash, or a hint that was lost,
 * only delays it; it never runs twice at once here.
 */
import type { Services } from '../services.ts'

export interface Job {
  readonly name: string
  /** How often it looks for work without being told. */
  readonly everySeconds: number
  /** Does what is due. Throwing is logged and tried again. */
  run(services: Services): Promise<void>
}

export interface Scheduler {
  /** Runs the job now, or again as soon as the present run is over. */
  wake(job: string): void
  /** Starts no run any more; resolves when the running ones are over. */
  stop(): Promise<void>
}

/** Runs every job at once and then each at its own pace, until stopped. */
export function startScheduler(jobs: readonly Job[], services: Services): Scheduler {
  const loops = new Map(jobs.map((job) => [job.name, startLoop(job, services)]))
  return {
    wake: (name) => loops.get(name)?.wake(),
    stop: async () => {
      await Promise.all([...loops.values()].map((loop) => loop.stop()))
    },
  }
}

interface Loop {
  wake(): void
  stop(): Promise<void>
}

function startLoop(job: Job, services: Services): Loop {
  let stopped = false
  let woken = false
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  const start = (): void => {
    clearTimeout(timer)
    woken = false
    running = runOnce(job, services).then(again)
  }
  const again = (): void => {
    running = undefined
    if (woken && !stopped) start()
    else if (!stopped) timer = setTimeout(start, job.everySeconds * 1000)
  }
  start()
  return {
    wake() {
      woken = true
      if (running === undefined && !stopped) start()
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}

async function runOnce(job: Job, services: Services): Promise<void> {
  try {
    await job.run(services)
  } catch (error) {
    services.log.error({ job: job.name, err: error }, 'job failed; it will be tried again')
  }
}
