/** Tells what happened: in the log always, and to the webhook if there is one. */
import { eventOf, type EventBridgeEvent, type EventDetails } from '../authority/event.ts'
import type { Log } from './log.ts'
import { uuid, type Random } from '../random.ts'
import { insertEvent } from '../store/events.ts'
import type { Sql } from '../store/sql.ts'

export interface Events {
  /** An event that is about to happen: `statements` belong to its transaction, and `tell` comes after that. */
  prepare(occurrence: EventDetails): PreparedEvent
}

interface PreparedEvent {
  readonly statements: readonly Sql[]
  tell(): void
}

interface EventServices {
  readonly log: Log
  readonly random: Random
  /** Whether events are delivered beside being logged. */
  readonly delivered: boolean
  /** There is something to deliver. */
  readonly wake: () => void
}

export function createEvents({ log, random, delivered, wake }: EventServices): Events {
  return {
    prepare(occurrence) {
      let event: EventBridgeEvent | undefined
      const made = (): EventBridgeEvent => (event ??= eventOf(occurrence, uuid(random)))
      return {
        statements: delivered ? [insertEvent(made(), occurrence.time)] : [],
        tell() {
          if (log.isLevelEnabled('info')) log.info({ event: made() }, 'event')
          if (delivered) wake()
        },
      }
    },
  }
}
