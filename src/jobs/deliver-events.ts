import { dayMilliseconds } from '../text/duration.ts'
import type { Services } from '../services.ts'
import {
  claimEvents,
  deleteEvent,
  postponeEvent,
  queuedEventOf,
  type QueuedEvent,
} from '../store/events.ts'
import type { Lease } from '../store/leases.ts'
import { retryAt, runClaimed } from './scheduler/claimed-work.ts'
import type { Job, JobResult } from './scheduler/scheduler.ts'

const batch = 64
const parallel = 8
const answerMilliseconds = 10_000
/** As long as EventBridge tries (Amazon EventBridge User Guide, retry policy). */
const patienceMilliseconds = dayMilliseconds

/**
 * Posts queued events to the webhook, one request each, as JSON; any 2xx answer takes one off the queue, which may
 * happen after it was delivered before. Undelivered for a day, an event is dropped, and the log says so.
 */
export function createDeliverEvents(webhook: string): Job<'deliver-events'> {
  return {
    name: 'deliver-events',
    everySeconds: 5,
    run: (services, signal) =>
      runClaimed(services, signal, {
        name: 'deliver-events',
        table: 'events',
        batch,
        parallel,
        claim: claimEvents,
        itemOf: queuedEventOf,
        work: (event, lease) => deliver(services, { webhook, event, lease }),
      }),
  }
}

interface Delivery {
  readonly webhook: string
  readonly event: QueuedEvent
  readonly lease: Lease
}

async function deliver(
  { db, clock, log }: Services,
  { webhook, event, lease }: Delivery,
): Promise<keyof JobResult> {
  try {
    await post(webhook, event.event)
    await db.transaction([deleteEvent(event, lease)])
    return 'done'
  } catch (error) {
    const now = clock.now()
    const giveUp = now.getTime() - event.createdAt.getTime() >= patienceMilliseconds
    // The address may hold a secret, and so may what a library says of it.
    const reason = error instanceof DeliveryError ? error.message : 'no answer'
    log.warn({ event: event.event, reason }, giveUp ? 'event dropped' : 'event not delivered')
    await db.transaction([
      giveUp
        ? deleteEvent(event, lease)
        : postponeEvent(event, retryAt(now, event.failures + 1), lease),
    ])
    return 'failed'
  }
}

class DeliveryError extends Error {
  override name = 'DeliveryError'
}

async function post(webhook: string, body: string): Promise<void> {
  const response = await fetch(webhook, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(answerMilliseconds),
  })
  await response.body?.cancel()
  if (!response.ok) throw new DeliveryError(`answer ${response.status}`)
}
