import { listJobOutcomes, listJobQueues, type JobOutcome } from '../../store/job-outcomes.ts'
import type { JobTimes } from '../../jobs/scheduler/job-times.ts'
import { integer, list, required, string, structure, timestamp } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { requireOperator } from './require-operator.ts'

const job = structure({
  Name: required(string()),
  EverySeconds: integer(),
  LastStartedAt: timestamp(),
  LastSucceededAt: timestamp(),
  LastError: string(),
  NextRunAt: timestamp(),
  LastWorkAt: timestamp(),
  LastWorkMilliseconds: integer(),
  LastWorkDone: integer(),
  LastWorkFailed: integer(),
  Due: integer(),
  Failing: integer(),
  Running: integer(),
})

/**
 * Lists the server's jobs with the times of their last start and success. The times of starts and successes come from this
 * server. For runs that found work, the times come from all nodes on the same database. AWS has no equivalent operation (decision
 * 0046).
 */
export const listJobs = operation({
  name: 'ListJobs',
  actionPrefix: 'signet',
  input: structure({}),
  output: structure({ Jobs: required(list(job)) }),
  errors: [],
  resource: () => undefined,
  async run({ db, clock, server }, _input, caller) {
    await requireOperator({ db }, caller, 'ListJobs')
    const [{ jobs }, outcomes, queues] = await Promise.all([
      server.state(),
      listJobOutcomes(db),
      listJobQueues(db, clock.now()),
    ])
    return {
      Jobs: jobs.map((times) => {
        const queue = queues.find((each) => each.job === times.name)
        const outcome = outcomes.find((each) => each.job === times.name)
        return {
          Name: times.name,
          EverySeconds: times.everySeconds,
          ...timesOf(times, outcome),
          ...(outcome && {
            LastWorkAt: outcome.finishedAt,
            LastWorkMilliseconds: Math.min(outcome.milliseconds, integerMax),
            LastWorkDone: outcome.done,
            LastWorkFailed: outcome.failed,
          }),
          ...(queue && { Due: queue.due, Failing: queue.failing, Running: queue.leased }),
        }
      }),
    }
  },
})

const integerMax = 2 ** 31 - 1

/** Combines the runs on this server with the last run that found work, which may have been on another node. */
function timesOf(
  { lastStartedAt, lastSucceededAt, nextRunAt }: JobTimes,
  outcome: JobOutcome | undefined,
) {
  const workStartedAt = outcome && new Date(outcome.finishedAt.getTime() - outcome.milliseconds)
  const workSucceededAt = outcome?.failed === 0 ? outcome.finishedAt : undefined
  const startedAt = latest(lastStartedAt, workStartedAt)
  const succeededAt = latest(lastSucceededAt, workSucceededAt)
  const error = errorOf(outcome, succeededAt)
  return {
    ...(startedAt && { LastStartedAt: startedAt }),
    ...(succeededAt && { LastSucceededAt: succeededAt }),
    ...(error !== undefined && { LastError: error }),
    ...(nextRunAt && { NextRunAt: nextRunAt }),
  }
}

/**
 * Returns the error from the last run that found work. Any later successful run resolves an error that ended a run. Failed items
 * are resolved only by a successful run that found work, because other runs may not have retried them.
 */
function errorOf(
  outcome: JobOutcome | undefined,
  succeededAt: Date | undefined,
): string | undefined {
  if (outcome === undefined || outcome.failed === 0) return undefined
  const { error, failed, done, finishedAt } = outcome
  if (error === undefined)
    return `${failed} of ${failed + done} items failed. The server retries the failed items, and the server log contains the causes.`
  return succeededAt !== undefined && succeededAt > finishedAt ? undefined : error
}

function latest(a: Date | undefined, b: Date | undefined): Date | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a > b ? a : b
}
