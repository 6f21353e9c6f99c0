/** The primary's side of a single worker. */
import type { Worker } from 'node:cluster'
import { createCollector } from '../../turns/collector.ts'
import { PendingReplies } from '../../channel/pending-replies.ts'
import { ConfigurationError } from '../../errors.ts'
import type {
  FromPrimary,
  FromWorker,
  ListenerUrls,
  SentReply,
  SentRequest,
  WorkerStart,
  WorkerNotice,
  WorkerRequest,
} from './messages.ts'

/** Time limit for reading the metrics of a worker. */
const metricsMilliseconds = 2000

export interface WorkerEvents {
  readonly serve: (request: WorkerRequest, reply: (value: unknown) => void) => void
  readonly accept: (notice: WorkerNotice) => void
  readonly failed: (problem: string) => void
}

export class WorkerProcess {
  /**
   * Resolves to the URLs of the worker's listeners when the worker listens. Rejects if the worker cannot listen or exits first.
   */
  readonly listening: Promise<ListenerUrls>
  hasListened = false
  readonly startedAt = performance.now()
  readonly #worker: Worker
  readonly #loaded: Promise<void>
  readonly #metrics = new PendingReplies<readonly object[]>()

  constructor(worker: Worker, events: WorkerEvents) {
    this.#worker = worker
    const loaded = Promise.withResolvers<void>()
    const listening = Promise.withResolvers<ListenerUrls>()
    // `start` handles a rejection. Before `start` is called, a rejection must not be reported as unhandled.
    listening.promise.catch(() => {})
    this.#loaded = loaded.promise
    this.listening = listening.promise
    const reply = createCollector<SentReply>((replies) => this.send({ kind: 'replies', replies }))
    const serve = (sent: SentRequest): void => {
      if ('notice' in sent) events.accept(sent.notice)
      else events.serve(sent.request, (value) => reply({ id: sent.id, reply: value }))
    }
    worker.on('message', (message: FromWorker) => {
      switch (message.kind) {
        case 'loaded':
          return loaded.resolve()
        case 'listening':
          this.hasListened = true
          return listening.resolve(message)
        case 'cannot start': {
          const { problem, isConfiguration } = message
          return listening.reject(
            isConfiguration ? new ConfigurationError(problem) : new Error(problem),
          )
        }
        case 'failed':
          return events.failed(message.problem)
        case 'requests':
          return message.requests.forEach(serve)
        case 'process metrics':
          return this.#metrics.settle(message.id, message.metrics)
        case 'finished':
      }
    })
    worker.on('error', (error) => {
      // No 'exit' event is emitted for a process that could not be created.
      if (worker.process.pid === undefined) listening.reject(error)
    })
    worker.once('exit', () => {
      const error = new Error('a worker exited before it was ready')
      listening.reject(error)
      this.#metrics.end(error)
    })
  }

  /** Whether messages can reach the worker. A killed worker may appear connected even after its 'exit' event. */
  get isReachable(): boolean {
    return this.#worker.isConnected() && !this.#worker.isDead()
  }

  /** Starts the worker once its code is loaded, and resolves to the URLs of its listeners. */
  async start(options: WorkerStart, isCallLogWritable: boolean): Promise<ListenerUrls> {
    await Promise.race([this.#loaded, this.listening])
    this.send({ kind: 'start', ...options })
    if (!isCallLogWritable) this.send({ kind: 'call log', isWritable: false })
    return this.listening
  }

  /**
   * Sends a message to the worker. A message to an exited worker is dropped, because the worker's 'exit' event is handled
   * separately.
   */
  send(message: FromPrimary): void {
    if (this.#worker.isConnected()) this.#worker.send(message, () => {})
  }

  /** Returns the metrics of the worker, or an empty list if the worker does not reply in time. */
  metrics(): Promise<readonly object[]> {
    return this.#metrics
      .request((id) => this.send({ kind: 'process metrics', id }), metricsMilliseconds)
      .catch(() => [])
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL')
  }

  async ended(): Promise<void> {
    await new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()))
  }
}
