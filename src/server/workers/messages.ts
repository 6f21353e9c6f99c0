/**
 * Messages between the processes of one server. Workers answer client requests. The primary writes to the SQLite database and the
 * call log, runs the jobs, and counts request rates and changes to ACME accounts for all workers.
 */
import type { MasterKey } from '../../data-folder/master-key.ts'
import type { RatedCall } from '../../access/rate-limiter.ts'
import type { JobName } from '../../jobs/scheduler/job-names.ts'
import type { ServerState } from '../../operations/server/server-info.ts'
import type { TransactionOutcome } from '../../store/sqlite/group-commit.ts'
import type { Sql } from '../../store/sql.ts'

/** The public listener, which all workers share. */
export interface PublicEndpoint {
  /** URL of the public listener, which certificates contain. */
  readonly publicUrl: string
  readonly publicPort: number
}

/** URLs of the other listeners, which all workers share. */
export interface ListenerUrls {
  readonly apiUrl: string
  /** URL of the enrollment listener, or undefined if the server has no enrollment listener. */
  readonly enrollUrl: string | undefined
}

/** The values that a worker needs to start. */
export interface WorkerStart extends PublicEndpoint {
  /**
   * The current master key. The worker cannot read the master key from the file, because the file may have been removed or the
   * key may come from another source.
   */
  readonly masterKey: MasterKey
}

/** The reason why a worker cannot start. */
export interface StartupFailure {
  readonly problem: string
  /** Whether the operator must resolve the problem. If the value is false, another attempt may succeed. */
  readonly isConfiguration: boolean
}

/** A request that a worker sends to its primary. */
export type WorkerRequest =
  | { readonly kind: 'transaction'; readonly statements: readonly Sql[] }
  | { readonly kind: 'call record'; readonly record: object }
  | { readonly kind: 'rate'; readonly call: RatedCall }
  /** Counts a new or changed ACME account for a source address. */
  | { readonly kind: 'account change'; readonly address: string | undefined }
  /** The metrics of all processes, as text. */
  | { readonly kind: 'metrics' }
  /** The server's start time, its workers and its jobs. */
  | { readonly kind: 'server state' }

/** A message from a worker to the primary that receives no reply. */
export type WorkerNotice =
  | { readonly kind: 'call record'; readonly record: object }
  /** Wakes up a job. */
  | { readonly kind: 'wake'; readonly job: JobName }

/** The replies of the primary, by the kind of request. */
export interface PrimaryReplies {
  readonly transaction: TransactionOutcome
  /** Whether the record of the call was written. */
  readonly 'call record': boolean
  /** Whether the call is within the rate limit. */
  readonly rate: boolean
  /** Undefined if the change is allowed; otherwise, the number of seconds until the next change is allowed. */
  readonly 'account change': number | undefined
  /** The metrics as text, or undefined if the metrics cannot be read. */
  readonly metrics: string | undefined
  readonly 'server state': ServerState
}

export type SentRequest =
  | { readonly id: number; readonly request: WorkerRequest }
  | { readonly notice: WorkerNotice }

export interface SentReply {
  readonly id: number
  readonly reply: unknown
}

/** A message from a worker to the primary. */
export type FromWorker =
  /** The worker has loaded its code and waits for `start`. */
  | { readonly kind: 'loaded' }
  | ({ readonly kind: 'listening' } & ListenerUrls)
  | ({ readonly kind: 'cannot start' } & StartupFailure)
  /** A request to the primary to stop the server. */
  | { readonly kind: 'failed'; readonly problem: string }
  /** The requests and notices that the worker collected in one turn of the event loop. */
  | { readonly kind: 'requests'; readonly requests: readonly SentRequest[] }
  | {
      readonly kind: 'process metrics'
      readonly id: number
      readonly metrics: readonly object[]
    }
  /** The worker's last message, which follows all of its other messages. */
  | { readonly kind: 'finished' }

/** A message from the primary to a worker. */
export type FromPrimary =
  /** The data folder is open, and the worker may start to listen. */
  | ({ readonly kind: 'start' } & WorkerStart)
  /** The replies that the primary collected in one turn of the event loop. */
  | { readonly kind: 'replies'; readonly replies: readonly SentReply[] }
  /** Requests the metrics of the worker process only. */
  | { readonly kind: 'process metrics'; readonly id: number }
  /** Whether the call log can be written. */
  | { readonly kind: 'call log'; readonly isWritable: boolean }
  | { readonly kind: 'reload' }
  | { readonly kind: 'stop' }
