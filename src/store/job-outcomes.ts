/** Rows that contain the last outcome of each job, and counts of the rows that wait for each job. */
import type { StorableText } from '../text/storable-text.ts'
import { integerOf, optionalTextOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { sql, type Sql } from './sql.ts'

export interface JobOutcome {
  readonly job: string
  readonly finishedAt: Date
  readonly milliseconds: number
  readonly done: number
  readonly failed: number
  /** Error that ended the whole run of the job, or undefined if the run was completed. */
  readonly error: StorableText | undefined
}

export function putJobOutcome(outcome: JobOutcome): Sql {
  const { job, finishedAt, milliseconds, done, failed, error } = outcome
  return sql`insert into job_outcomes (job, finished_at_ms, milliseconds, done, failed, error)
    values (${job}, ${finishedAt.getTime()}, ${milliseconds}, ${done}, ${failed}, ${error ?? null})
    on conflict (job) do update set finished_at_ms = excluded.finished_at_ms,
      milliseconds = excluded.milliseconds, done = excluded.done, failed = excluded.failed,
      error = excluded.error`
}

export async function listJobOutcomes(db: Database): Promise<JobOutcome[]> {
  const rows = await db.query(sql`select * from job_outcomes order by job`)
  return rows.map((row) => ({
    job: textOf(row, 'job'),
    finishedAt: new Date(integerOf(row, 'finished_at_ms')),
    milliseconds: integerOf(row, 'milliseconds'),
    done: integerOf(row, 'done'),
    failed: integerOf(row, 'failed'),
    error: optionalTextOf(row, 'error'),
  }))
}

export interface JobQueue {
  readonly job: string
  /** Number of rows that are due, including rows under a lease. */
  readonly due: number
  /** Number of due rows whose most recent attempt failed. */
  readonly failing: number
  /** Number of rows under a valid lease. */
  readonly leased: number
}

export async function listJobQueues(db: Database, now: Date): Promise<JobQueue[]> {
  const ms = now.getTime()
  const rows = await db.query(
    sql`select 'publish-crls' as job, count(*) as due, count(case when failures > 0 then 1 end) as failing,
          count(case when lease_until_ms > ${ms} then 1 end) as leased
        from crls where due_at_ms <= ${ms}
      union all
        select 'write-audit-reports', count(*), count(case when failures > 0 then 1 end),
          count(case when lease_until_ms > ${ms} then 1 end)
        from audit_reports where status = 'CREATING'
      union all
        select 'finish-issuance', count(*), count(case when failures > 0 then 1 end),
          count(case when lease_until_ms > ${ms} then 1 end)
        from certificate_intents where failed_at_ms is null
      union all
        select 'deliver-events', count(*), count(case when failures > 0 then 1 end),
          count(case when lease_until_ms > ${ms} then 1 end)
        from events
      union all
        select 'validate-challenges', count(*), count(case when failures > 0 then 1 end),
          count(case when lease_until_ms > ${ms} then 1 end)
        from acme_challenges where status = 'processing'
      union all
        select 'finish-creation', count(*), 0, 0 from authorities where status = 'CREATING'
      union all
        select 'erase-authorities', count(*), 0, 0 from authorities
        where restorable_until_ms <= ${ms} and key_handle is not null
      union all
        select 'index-certificates',
          (select coalesce(max(certificate_number), 0) from certificates) - certificate_number, 0, 0
        from search_progress`,
  )
  return rows.map((row) => ({
    job: textOf(row, 'job'),
    due: integerOf(row, 'due'),
    failing: integerOf(row, 'failing'),
    leased: integerOf(row, 'leased'),
  }))
}
