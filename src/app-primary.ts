/** The process that others answer requests for: it writes, runs the jobs, and keeps as many workers as it should. */
import cluster, { type Worker } from 'node:cluster'
import { createCore, type Core } from './app-core.ts'
import { openOwnData } from './app-data.ts'
import type { Surroundings } from './app-services.ts'
import type { App } from './app.ts'
import type { Config } from './config.ts'
import { ConfigurationError } from './errors.ts'
import { publicPortEnvironment, requireFree } from './public-port.ts'
import { readRates } from './rates-file.ts'
import { ConflictError } from './store/database.ts'
import { createOwnWriter } from './store/sqlite-writer-client.ts'
import type { WriterAnswer } from './store/sqlite-group.ts'
import {
  createBatch,
  type FromPrimary,
  type FromWorker,
  type Listening,
  type Refusal,
} from './worker-link.ts'

/** Starts everything, with so many workers. Throws ConfigurationError when that cannot be served. */
export async function startPrimary(
  config: Config,
  workers: number,
  surroundings: Surroundings,
): Promise<App> {
  const stack = new AsyncDisposableStack()
  try {
    const { data, credentials } = await openOwnData(config, {
      ...surroundings,
      stack,
      writer: createOwnWriter,
    })
    const core = await createCore(config, { ...surroundings, data, stack })
    const { rateLimiter, place } = core
    const crew = new Crew(core, surroundings)
    stack.defer(() => crew.stop())
    await requireFree(config.publicListen)
    const { apiUrl, publicUrl } = await crew.start(workers)
    place.publicUrl ||= publicUrl
    core.startJobs()
    return {
      apiUrl,
      publicUrl: place.publicUrl,
      credentials,
      // oxlint-disable-next-line typescript/require-await -- one process waits here
      async reload() {
        rateLimiter.use(readRates(config.rates))
        crew.tell({ kind: 'reload' })
      },
      close: () => stack.disposeAsync(),
    }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

/** What is done for workers. */
type Duties = Pick<Core, 'services' | 'rateLimiter' | 'callLog'>

/** A worker that ends sooner than this is not made again at once. */
const shortLifeMilliseconds = 5000
const pauseMilliseconds = 1000
/** How long workers may take to finish what they do. */
const patienceMilliseconds = 40_000
const metricsMilliseconds = 2000

/** The workers, and what is done for them. */
class Crew {
  readonly #duties: Duties
  readonly #surroundings: Surroundings
  readonly #counting = new Map<number, (metrics: readonly object[]) => void>()
  #stopping = false
  #publicPort: number | undefined
  #nextId = 0

  constructor(duties: Duties, surroundings: Surroundings) {
    this.#duties = duties
    this.#surroundings = surroundings
    cluster.setupPrimary({ serialization: 'advanced' })
  }

  /** Starts them all; resolves when each listens. */
  async start(workers: number): Promise<Listening> {
    const first = await this.#fork()
    this.#publicPort = first.publicPort
    const others = Array.from({ length: workers - 1 }, () => this.#fork())
    await Promise.all(others)
    return first
  }

  tell(message: FromPrimary): void {
    for (const worker of workersOf()) sendTo(worker, message)
  }

  /** Lets them finish what they do. */
  async stop(): Promise<void> {
    this.#stopping = true
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

  #fork(): Promise<Listening> {
    const startedAt = performance.now()
    const worker = cluster.fork(publicPortEnvironment(this.#publicPort))
    worker.on('error', (err) => this.#surroundings.log.error({ err }, 'a worker is out of reach'))
    const answers = createBatch<WriterAnswer>((batch) =>
      sendTo(worker, { kind: 'answers', answers: batch }),
    )
    return new Promise((resolve, reject) => {
      let isListening = false
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'listening') {
          isListening = true
          resolve(message)
        } else if (message.kind === 'refused') reject(errorOf(message))
        else if (message.kind === 'failed') this.#surroundings.onFailure(new Error(message.problem))
        else this.#serve(worker, message, answers)
      })
      worker.once('exit', (code, signal) => {
        reject(new Error('a worker ended before it listened'))
        if (this.#stopping || !isListening) return
        this.#surroundings.log.error({ worker: worker.id, code, signal }, 'a worker ended')
        const isShort = performance.now() - startedAt < shortLifeMilliseconds
        setTimeout(() => this.#replace(), isShort ? pauseMilliseconds : 0)
      })
    })
  }

  #replace(): void {
    if (this.#stopping) return
    this.#fork().catch((error: unknown) => {
      this.#surroundings.log.error({ err: error }, 'a worker cannot be replaced yet')
      if (!this.#stopping) setTimeout(() => this.#replace(), pauseMilliseconds)
    })
  }

  #serve(
    worker: Worker,
    message: Exclude<FromWorker, { kind: 'listening' | 'refused' | 'failed' }>,
    answers: (answer: WriterAnswer) => void,
  ): void {
    const { services, rateLimiter, callLog } = this.#duties
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
        for (const record of message.records) callLog?.write(record)
        return
      case 'rated': {
        const allowed = rateLimiter.allows(message.call) === true
        sendTo(worker, { kind: 'allowed', id: message.id, allowed })
        return
      }
      case 'metrics':
        return this.#counting.get(message.id)?.(message.metrics)
      case 'metrics wanted':
        void this.#sendMetrics(worker, message.id)
    }
  }

  async #sendMetrics(worker: Worker, id: number): Promise<void> {
    const others = await Promise.all(workersOf().map((one) => this.#metricsOf(one)))
    const text = await this.#duties.services.metrics.text(others)
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

function workersOf(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter(
    // One that was killed can seem connected after its end has been told of.
    (worker) => worker?.isConnected() === true && !worker.isDead(),
  ) as Worker[]
}

function errorOf({ problem, isConfiguration }: Refusal): Error {
  return isConfiguration ? new ConfigurationError(problem) : new Error(problem)
}

function failureOf(id: number, error: unknown): WriterAnswer {
  if (error instanceof ConflictError)
    return { id, conflict: { statement: error.statement, message: error.message } }
  return { id, failure: error instanceof Error ? error.message : String(error) }
}
