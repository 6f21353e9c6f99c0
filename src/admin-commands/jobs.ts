/** The command `signet jobs list`. The command also works while a server uses the same data. */
import { systemClock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import { withData } from '../data-folder/data-folder.ts'
import { jobNames } from '../jobs/scheduler/job-names.ts'
import { listJobOutcomes, listJobQueues } from '../store/job-outcomes.ts'

/** Lists every job with its queue and the result of the last run that found work. */
export async function listJobs(config: Config): Promise<unknown> {
  const [queues, outcomes] = await withData(config, ({ db }) =>
    Promise.all([listJobQueues(db, systemClock.now()), listJobOutcomes(db)]),
  )
  return jobNames.map((name) => {
    const queue = queues.find(({ job }) => job === name)
    const last = outcomes.find(({ job }) => job === name)
    return {
      Name: name,
      ...(queue && { Due: queue.due, Failing: queue.failing, Running: queue.leased }),
      ...(last && {
        LastRun: {
          FinishedAt: last.finishedAt.toISOString(),
          Milliseconds: last.milliseconds,
          Done: last.done,
          Failed: last.failed,
          ...(last.error !== undefined && { Error: last.error }),
        },
      }),
    }
  })
}
