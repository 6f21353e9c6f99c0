/**
 * What the processes of one server tell each other: workers answer requests, the primary writes to the SQLite database,
 * runs the jobs, and counts what is counted for all.
 */
import type { RatedCall } from '../../access/rate-limiter.ts'
import type { JobName } from '../../services.ts'
import type { WriterAnswer } from '../../store/sqlite/group.ts'
import type { Sql } from '../../store/sql.ts'

/** Where a worker listens. */
export interface Listening {
  readonly apiUrl: string
  readonly publicUrl: string
  /** The port of its public listener, whatever that is called outside. */
  readonly publicPort: number
}

/** Why a worker cannot start. */
export interface StartupFailure {
  readonly problem: string
  /** Whether the operator has to change something; otherwise it is worth another try. */
  readonly isConfiguration: boolean
}

/** A record for the call log. The worker waits for the outcome of a record with an id. */
export interface CallLogItem {
  readonly record: object
  readonly id: number | undefined
}

export interface RecordOutcome {
  readonly id: number
  readonly isWritten: boolean
}

/** From a worker to the primary. */
export type FromWorker =
  /** It hears what it is told. */
  | { readonly kind: 'loaded' }
  | {
      readonly kind: 'transactions'
      readonly asked: readonly { readonly id: number; readonly statements: readonly Sql[] }[]
    }
  | { readonly kind: 'wake'; readonly job: JobName }
  | { readonly kind: 'records'; readonly records: readonly CallLogItem[] }
  | { readonly kind: 'rated'; readonly id: number; readonly call: RatedCall }
  | { readonly kind: 'metrics wanted'; readonly id: number }
  | { readonly kind: 'metrics'; readonly id: number; readonly metrics: readonly object[] }
  | ({ readonly kind: 'listening' } & Listening)
  | ({ readonly kind: 'refused' } & StartupFailure)
  | { readonly kind: 'failed'; readonly problem: string }
  /** The last message: all others were sent before it. */
  | { readonly kind: 'finished' }

/** From the primary to a worker. */
export type FromPrimary =
  /** What it needs is there; `publicPort` is that of the public listeners of others, if there are any. */
  | { readonly kind: 'start'; readonly publicPort: number | undefined }
  | { readonly kind: 'answers'; readonly answers: readonly WriterAnswer[] }
  | { readonly kind: 'allowed'; readonly id: number; readonly allowed: boolean }
  /** Outcomes of records with an id. */
  | { readonly kind: 'recorded'; readonly outcomes: readonly RecordOutcome[] }
  /** Whether the call log can be written. */
  | { readonly kind: 'call log'; readonly isWritable: boolean }
  | { readonly kind: 'metrics?'; readonly id: number }
  /** `text` is undefined if the metrics cannot be read. */
  | { readonly kind: 'metrics text'; readonly id: number; readonly text: string | undefined }
  | { readonly kind: 'reload' }
  | { readonly kind: 'stop' }

/** Sends together what is put into it before the next turn of the event loop. */
export function createBatch<Item>(send: (items: readonly Item[]) => void): (item: Item) => void {
  let items: Item[] = []
  return (item) => {
    if (items.length === 0)
      setImmediate(() => {
        const batch = items
        items = []
        send(batch)
      })
    items.push(item)
  }
}
