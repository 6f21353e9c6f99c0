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
/** Age in seconds at which an undelivered event is dropped, as in Amazon EventBridge (User Guide, retry policy). */
const dropAfterMilliseconds = dayMilliseconds

/**
 * Posts queued events to the webhook as JSON, with one request per event. A 2xx response removes the event from the queue. An
 * event may be delivered more than once. An event that is still undelivered after a day is dropped, and the loss is logged.
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
    const giveUp = now.getTime() - event.createdAt.getTime() >= dropAfterMilliseconds
    // The webhook URL may contain a secret, and the HTTP library's error messages may contain the URL.
    const reason = error instanceof DeliveryError ? error.message : 'no answer'
    log.warn(
      { event: event.event, reason },
      giveUp ? 'event dropped' : 'an event could not be delivered to the webhook',
    )
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
  if (!response.ok) throw new DeliveryError(`status ${response.status}`)
}
