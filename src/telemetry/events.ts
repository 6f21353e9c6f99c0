/** Events are always written to the log, and are queued for the webhook if one is configured. */
import { eventOf, type EventBridgeEvent, type EventDetails } from '../authority/event.ts'
import type { Log } from './log.ts'
import { uuid, type Random } from '../random.ts'
import { insertEvent } from '../store/events.ts'
import type { Sql } from '../store/sql.ts'

export interface Events {
  /**
   * Prepares an event before the transaction. The transaction includes `statements`, and `publish` is called after the commit.
   */
  prepare(occurrence: EventDetails): PreparedEvent
}

interface PreparedEvent {
  readonly statements: readonly Sql[]
  publish(): void
}

interface EventServices {
  readonly log: Log
  readonly random: Random
  /** Whether events are also delivered to a webhook. */
  readonly delivered: boolean
  readonly wake: () => void
}

export function createEvents({ log, random, delivered, wake }: EventServices): Events {
  return {
    prepare(occurrence) {
      let event: EventBridgeEvent | undefined
      const create = (): EventBridgeEvent => (event ??= eventOf(occurrence, uuid(random)))
      return {
        statements: delivered ? [insertEvent(create(), occurrence.time)] : [],
        publish() {
          if (log.isLevelEnabled('info')) log.info({ event: create() }, 'event')
          if (delivered) wake()
        },
      }
    },
  }
}
