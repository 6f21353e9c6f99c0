/** Rows of events that are still to be delivered. */
import type { EventBridgeEvent } from '../authority/event.ts'
import { integerOf, textOf } from './columns.ts'
import { latestPlausibleTime, type Lease } from './leases.ts'
import { sql, type Row, type Sql } from './sql.ts'

export interface QueuedEvent {
  readonly number: number
  /** JSON. */
  readonly event: string
  readonly createdAt: Date
  readonly failures: number
}

/** Queues an event; belongs to the transaction of what happened. */
export function insertEvent(event: EventBridgeEvent, now: Date): Sql {
  return sql`insert into events (event, created_at_ms, failures, retry_at_ms, lease_until_ms)
    values (${JSON.stringify(event)}, ${now.getTime()}, 0, ${now.getTime()}, 0)`
}

/**
 * Takes events that are due, at most `limit`, those first that wait longest. Due is also what a clock that has been set
 * back since put off; each kind has its own place in the index, so that those that wait for a retry are not read.
 */
export function claimEvents({ token, now, until }: Lease, limit: number): Sql {
  const nowMs = now.getTime()
  const plausible = latestPlausibleTime(now)
  return sql`update events set lease = ${token}, lease_until_ms = ${until.getTime()}
    where event_number in (select event_number from (
          select event_number from (select event_number from events
              where retry_at_ms <= ${nowMs}
                and (lease_until_ms <= ${nowMs} or lease_until_ms > ${plausible})
              order by retry_at_ms, event_number limit ${limit}) as due
        union all
          select event_number from events
          where retry_at_ms > ${plausible}
            and (lease_until_ms <= ${nowMs} or lease_until_ms > ${plausible})
        ) as claimable limit ${limit})
      and (lease_until_ms <= ${nowMs} or lease_until_ms > ${plausible})
    returning *`
}

/** Ends the work: the event was delivered, or is given up. */
export function deleteEvent({ number }: QueuedEvent, { token }: Lease): Sql {
  return sql`delete from events where event_number = ${number} and lease = ${token}`
}

/** Ends the work without success. */
export function postponeEvent({ number, failures }: QueuedEvent, retry: Date, lease: Lease): Sql {
  return sql`update events set failures = ${failures + 1}, retry_at_ms = ${retry.getTime()},
      lease = null, lease_until_ms = 0
    where event_number = ${number} and lease = ${lease.token}`
}

/** A row as claimEvents returns it. */
export function queuedEventOf(row: Row): QueuedEvent {
  return {
    number: integerOf(row, 'event_number'),
    event: textOf(row, 'event'),
    createdAt: new Date(integerOf(row, 'created_at_ms')),
    failures: integerOf(row, 'failures'),
  }
}
