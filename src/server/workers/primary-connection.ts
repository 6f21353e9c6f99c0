/** The worker's end of the channel between a worker and its primary. */
import { setImmediate } from 'node:timers/promises'
import type { AddressLimiter } from '../../access/address-limiter.ts'
import type { RateLimiter } from '../../access/rate-limiter.ts'
import type { Rates } from '../../access/rates.ts'
import type { CallLogPort } from '../../call-log/call-recorder.ts'
import { createCollector } from '../../turns/collector.ts'
import { PendingReplies } from '../../channel/pending-replies.ts'
import type { JobName } from '../../jobs/scheduler/job-names.ts'
import type { ServerState } from '../../operations/server/server-info.ts'
import { rowsOf, type SqliteWriter } from '../../store/sqlite/writer-client.ts'
import type {
  FromPrimary,
  FromWorker,
  ListenerUrls,
  PrimaryReplies,
  SentRequest,
  StartupFailure,
  WorkerRequest,
  WorkerStart,
} from './messages.ts'

/** Tasks that the primary triggers in a worker. */
export interface WorkerTasks {
  readonly start: (options: WorkerStart) => void
  readonly reload: () => void
  readonly stop: () => void
  readonly metrics: () => Promise<readonly object[]>
}

/** The process object of a forked worker. */
type Forked = Pick<NodeJS.Process, 'on' | 'once' | 'connected' | 'send'>

/**
 * A worker's connection to its primary. Calls `orphaned` when the primary has exited, because the worker cannot run without its
 * primary.
 */
export class PrimaryConnection {
  readonly #forked: Forked
  readonly #orphaned: () => void
  readonly #replies = new PendingReplies<unknown>()
  readonly #enqueue = createCollector<SentRequest>((requests) =>
    this.#send({ kind: 'requests', requests }),
  )
  #isCallLogWritable = true

  /** Passes database transactions to the primary. */
  readonly writer: SqliteWriter = {
    run: async (task) => {
      if (task.kind !== 'transaction') throw new Error('a worker can only run transactions')
      return rowsOf(await this.#request(task))
    },
    close: () => Promise.resolve(),
  }

  readonly callLog: CallLogPort = {
    write: (record) => this.#enqueue({ notice: { kind: 'call record', record } }),
    record: (record) => this.#request({ kind: 'call record', record }),
    isWritable: () => this.#isCallLogWritable,
  }

  /** Counts new ACME accounts and changes of accounts in the primary. */
  readonly accountChanges: AddressLimiter = {
    count: (address) => this.#request({ kind: 'account change', address }),
  }

  constructor(forked: Forked, tasks: WorkerTasks, orphaned: () => void) {
    this.#forked = forked
    this.#orphaned = orphaned
    forked.on('message', (message: FromPrimary) => {
      switch (message.kind) {
        case 'replies':
          for (const { id, reply } of message.replies) this.#replies.settle(id, reply)
          return
        case 'call log':
          this.#isCallLogWritable = message.isWritable
          return
        case 'process metrics':
          tasks.metrics().then(
            (metrics) => this.#send({ ...message, metrics }),
            () => this.#send({ ...message, metrics: [] }),
          )
          return
        case 'start':
          return tasks.start(message)
        case 'reload':
          return tasks.reload()
        case 'stop':
          return tasks.stop()
      }
    })
    forked.once('disconnect', orphaned)
    this.#send({ kind: 'loaded' })
  }

  wake(job: JobName): void {
    this.#enqueue({ notice: { kind: 'wake', job } })
  }

  serverState(): Promise<ServerState> {
    return this.#request({ kind: 'server state' })
  }

  /** Returns the combined metrics of all processes, as text. */
  async allMetrics(): Promise<string> {
    const text = await this.#request({ kind: 'metrics' })
    if (text === undefined) throw new Error('the primary cannot read the metrics')
    return text
  }

  /** Creates a rate limiter for a worker. The primary counts the calls of rate-limited operations. */
  rateLimiter(initial: Rates): RateLimiter {
    let rates = initial
    return {
      allows: (call) =>
        rates[call.operation] === undefined || this.#request({ kind: 'rate', call }),
      use(next) {
        rates = next
      },
    }
  }

  listening({ apiUrl, enrollUrl }: ListenerUrls): void {
    this.#send({ kind: 'listening', apiUrl, enrollUrl })
  }

  cannotStart(failure: StartupFailure): void {
    this.#send({ kind: 'cannot start', ...failure })
  }

  failed(problem: string): void {
    this.#send({ kind: 'failed', problem })
  }

  /** Resolves when all messages have been sent, including the messages from the current turn of the event loop. */
  async finished(): Promise<void> {
    await setImmediate()
    // Nothing can be sent over a closed channel.
    if (!this.#forked.connected) return
    const last: FromWorker = { kind: 'finished' }
    await new Promise<void>((resolve) => {
      this.#forked.send?.(last, () => resolve())
    })
  }

  #request<Kind extends keyof PrimaryReplies>(
    request: WorkerRequest & { readonly kind: Kind },
  ): Promise<PrimaryReplies[Kind]> {
    const reply = this.#replies.request((id) => this.#enqueue({ id, request }))
    return reply as Promise<PrimaryReplies[Kind]>
  }

  #send(message: FromWorker): void {
    this.#forked.send?.(message, (error) => {
      // If the primary were not declared lost here, the caller would wait for the reply forever. If the channel is closed, the
      // event `disconnect` shows that the primary has exited.
      if (error !== null && this.#forked.connected) this.#orphaned()
    })
  }
}
