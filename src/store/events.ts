/** Rows of queued events that wait for delivery. */
import type { EventBridgeEvent } from '../authority/event.ts'
import { integerOf, textOf } from './columns.ts'
import { latestPlausibleTime, type Lease } from './leases.ts'
import { sql, type Row, type Sql } from './sql.ts'

export interface QueuedEvent {
  readonly number: number
  /** The event as JSON text. */
  readonly event: string
  readonly createdAt: Date
  readonly failures: number
}

/** Queues an event. The statement belongs to the same transaction as the change that the event reports. */
export function insertEvent(event: EventBridgeEvent, now: Date): Sql {
  return sql`insert into events (event, created_at_ms, failures, retry_at_ms, lease_until_ms)
    values (${JSON.stringify(event)}, ${now.getTime()}, 0, ${now.getTime()}, 0)`
}

/**
 * Claims at most `limit` due events, starting with the most overdue event. An event with an implausibly late retry time is also
 * due, because the clock must have been set back since the time was stored. Both cases have their own range in the index, so that
 * the statement does not read events that wait for a retry.
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

/** Deletes an event that was delivered or that the server has given up on. */
export function deleteEvent({ number }: QueuedEvent, { token }: Lease): Sql {
  return sql`delete from events where event_number = ${number} and lease = ${token}`
}

/** Releases the lease of an undelivered event, and sets the time of the next attempt. */
export function postponeEvent({ number, failures }: QueuedEvent, retry: Date, lease: Lease): Sql {
  return sql`update events set failures = ${failures + 1}, retry_at_ms = ${retry.getTime()},
      lease = null, lease_until_ms = 0
    where event_number = ${number} and lease = ${lease.token}`
}

/** Converts a row that claimEvents has returned. */
export function queuedEventOf(row: Row): QueuedEvent {
  return {
    number: integerOf(row, 'event_number'),
    event: textOf(row, 'event'),
    createdAt: new Date(integerOf(row, 'created_at_ms')),
    failures: integerOf(row, 'failures'),
  }
}
