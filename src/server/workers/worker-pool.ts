/** The workers of a primary: processes that are forked, told what they need, served, and replaced when they end. */
import cluster, { type Worker } from 'node:cluster'
import type { Core } from '../core.ts'
import type { ProcessContext } from '../make-services.ts'
import { ConfigurationError } from '../../errors.ts'
import { LostConnections } from './lost-connections.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import { hasOwnSockets } from '../public-port.ts'
import { ConflictError } from '../../store/database.ts'
import type { WriterAnswer } from '../../store/sqlite/group.ts'
import {
  createBatch,
  type CallLogItem,
  type FromPrimary,
  type FromWorker,
  type Listening,
  type RecordOutcome,
  type StartupFailure,
} from './messages.ts'

/** What is done for workers. */
type PrimaryServices = Pick<Core, 'services' | 'rateLimiter' | 'callLog'>

/** A worker that ends sooner than this is not made again at once. */
const shortLifeMilliseconds = 5000
const pauseMilliseconds = 1000
/** How long workers may take to finish what they do. */
const patienceMilliseconds = 40_000
const metricsMilliseconds = 2000

/** A process that was forked. */
interface WorkerHandle {
  /** It waits to be told to start. */
  readonly loaded: Promise<void>
  /** It has started. Rejects if it cannot, or ends before. */
  readonly listening: Promise<Listening>
  readonly worker: Worker
}

/** They load what they run while the primary opens what they need. */
export class WorkerPool {
  readonly #surroundings: ProcessContext
  readonly #first: readonly WorkerHandle[]
  readonly #counting = new Map<number, (metrics: readonly object[]) => void>()
  readonly #listening = new WeakSet<Worker>()
  readonly #lostConnections = new LostConnections()
  readonly #outcomes = new WeakMap<Worker, (outcome: RecordOutcome) => void>()
  #duties: PrimaryServices | undefined
  #stopping = false
  #publicPort: number | undefined
  #nextId = 0

  constructor(surroundings: ProcessContext, workers: number) {
    this.#surroundings = surroundings
    cluster.setupPrimary({ serialization: 'advanced', execArgv: workerFlags() })
    this.#first = Array.from({ length: workers }, () => this.#fork())
  }

  /** Starts them all; resolves when each listens. */
  async start(duties: PrimaryServices): Promise<Listening> {
    this.#duties = duties
    duties.callLog?.onChange((isWritable) => this.tell({ kind: 'call log', isWritable }))
    const [first, ...others] = this.#first
    if (first === undefined) throw new Error('there is no worker')
    const at = await this.#begin(first)
    if (hasOwnSockets) this.#publicPort = at.publicPort
    await Promise.all(others.map((hand) => this.#begin(hand)))
    return at
  }

  tell(message: FromPrimary): void {
    for (const worker of workersOf()) sendTo(worker, message)
  }

  /** Lets them finish what they do. Those that have not started are ended: they may not hear it yet. */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const worker of workersOf())
      if (!this.#listening.has(worker)) worker.process.kill('SIGKILL')
    const ended = workersOf().map(
      (worker) => new Promise<void>((resolve) => worker.once('exit', () => resolve())),
    )
    this.tell({ kind: 'stop' })
    const kill = setTimeout(() => {
      for (const worker of workersOf()) worker.process.kill('SIGKILL')
    }, patienceMilliseconds)
    await Promise.all(ended)
    clearTimeout(kill)
  }

  async #begin({ worker, loaded, listening }: WorkerHandle): Promise<Listening> {
    await Promise.race([loaded, listening])
    sendTo(worker, { kind: 'start', publicPort: this.#publicPort })
    const { callLog } = this.#duties ?? {}
    if (callLog?.isWritable() === false) sendTo(worker, { kind: 'call log', isWritable: false })
    return listening
  }

  #fork(): WorkerHandle {
    const startedAt = performance.now()
    const worker = cluster.fork()
    this.#lostConnections.follow(worker)
    const answers = createBatch<WriterAnswer>((batch) =>
      sendTo(worker, { kind: 'answers', answers: batch }),
    )
    this.#outcomes.set(
      worker,
      createBatch((outcomes) => sendTo(worker, { kind: 'recorded', outcomes })),
    )
    const loaded = Promise.withResolvers<void>()
    const listening = Promise.withResolvers<Listening>()
    // Whoever is not waited for may fail all the same.
    listening.promise.catch(() => {})
    worker.on('error', (err) => {
      this.#surroundings.log.error({ err }, 'a worker is out of reach')
      // A process that could not be created emits no 'exit'.
      if (worker.process.pid === undefined) listening.reject(err)
    })
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'loaded') loaded.resolve()
      else if (message.kind === 'listening') {
        this.#listening.add(worker)
        listening.resolve(message)
      } else if (message.kind === 'refused') listening.reject(errorOf(message))
      else if (message.kind === 'failed') this.#surroundings.onFailure(new Error(message.problem))
      else this.#serve(worker, message, answers)
    })
    worker.once('exit', (code, signal) => {
      listening.reject(new Error('a worker ended before it listened'))
      if (this.#stopping || !this.#listening.has(worker)) return
      this.#surroundings.log.error({ worker: worker.id, code, signal }, 'a worker ended')
      const isShort = performance.now() - startedAt < shortLifeMilliseconds
      setTimeout(() => this.#replace(), isShort ? pauseMilliseconds : 0)
    })
    return { worker, loaded: loaded.promise, listening: listening.promise }
  }

  #replace(): void {
    if (this.#stopping) return
    this.#forkAndBegin().catch((error: unknown) => {
      if (this.#stopping) return
      this.#surroundings.log.error({ err: error }, 'a worker cannot be replaced yet')
      setTimeout(() => this.#replace(), pauseMilliseconds)
    })
  }

  /** Turns an error that forking throws, for example for lack of memory, into a rejection. */
  async #forkAndBegin(): Promise<void> {
    await this.#begin(this.#fork())
  }

  #serve(
    worker: Worker,
    message: Exclude<FromWorker, { kind: 'loaded' | 'listening' | 'refused' | 'failed' }>,
    answers: (answer: WriterAnswer) => void,
  ): void {
    // Nobody asks for anything before it was told to start.
    if (this.#duties === undefined) return
    const { services, rateLimiter } = this.#duties
    switch (message.kind) {
      case 'transactions':
        for (const { id, statements } of message.asked)
          services.db.transaction(statements).then(
            (rows) => answers({ id, rows }),
            (error: unknown) => answers(failureOf(id, error)),
          )
        return
      case 'wake':
        return services.wake(message.job)
      case 'records':
        return this.#record(worker, message.records)
      case 'rated': {
        const allowed = rateLimiter.allows(message.call) === true
        sendTo(worker, { kind: 'allowed', id: message.id, allowed })
        return
      }
      case 'finished':
        return
      case 'metrics':
        return this.#counting.get(message.id)?.(message.metrics)
      case 'metrics wanted':
        this.#sendMetrics(worker, message.id, services.metrics).catch((err: unknown) => {
          services.log.error({ err }, 'the metrics cannot be read')
          sendTo(worker, { kind: 'metrics text', id: message.id, text: undefined })
        })
    }
  }

  #record(worker: Worker, records: readonly CallLogItem[]): void {
    const callLog = this.#duties?.callLog
    const outcomes = this.#outcomes.get(worker)
    for (const { record, id } of records)
      if (id === undefined) callLog?.write(record)
      else
        callLog?.record(record).then(
          (isWritten) => outcomes?.({ id, isWritten }),
          () => outcomes?.({ id, isWritten: false }),
        )
  }

  async #sendMetrics(worker: Worker, id: number, metrics: Metrics): Promise<void> {
    const others = await Promise.all(workersOf().map((one) => this.#metricsOf(one)))
    const text = await metrics.text(others)
    sendTo(worker, { kind: 'metrics text', id, text })
  }

  /** Nothing of a worker that does not answer. */
  #metricsOf(worker: Worker): Promise<readonly object[]> {
    const id = (this.#nextId += 1)
    return new Promise((resolve) => {
      const finish = (metrics: readonly object[]): void => {
        clearTimeout(timer)
        this.#counting.delete(id)
        resolve(metrics)
      }
      const timer = setTimeout(() => finish([]), metricsMilliseconds)
      this.#counting.set(id, finish)
      sendTo(worker, { kind: 'metrics?', id })
    })
  }
}

/** One that is gone meanwhile is not told, and its end is heard of elsewhere. */
function sendTo(worker: Worker, message: FromPrimary): void {
  if (worker.isConnected()) worker.send(message, () => {})
}

/** Flags of workers: SIGUSR1 must not open a debugger, even while a worker is loaded. */
function workerFlags(): string[] {
  const flag = '--disable-sigusr1'
  const { execArgv } = process
  return execArgv.includes(flag) ? execArgv : [...execArgv, flag]
}

function workersOf(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter(
    // One that was killed can seem connected after its end has been told of.
    (worker) => worker?.isConnected() === true && !worker.isDead(),
  ) as Worker[]
}

function errorOf({ problem, isConfiguration }: StartupFailure): Error {
  return isConfiguration ? new ConfigurationError(problem) : new Error(problem)
}

function failureOf(id: number, error: unknown): WriterAnswer {
  if (error instanceof ConflictError)
    return { id, conflict: { guard: error.guard, message: error.message } }
  return { id, failure: error instanceof Error ? error.message : String(error) }
}
