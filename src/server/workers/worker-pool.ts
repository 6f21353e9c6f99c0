/**
 * The primary's side of its workers: forks and starts them, serves their requests, replaces those that die (`#replace`), and
 * stops them.
 */
import cluster from 'node:cluster'
import type { Log } from '../../telemetry/log.ts'
import { LostConnections } from './lost-connections.ts'
import type { FromPrimary, PublicEndpoint, WorkerStart } from './messages.ts'
import { acceptWorkerNotice, serveWorkerRequest, type PrimaryServices } from './primary-services.ts'
import { WorkerProcess } from './worker-process.ts'

/** What requests and starts of workers need. */
interface PoolServices extends PrimaryServices, PublicEndpoint {
  readonly masterKeys: { readonly current: WorkerStart['masterKey'] }
}

/** A worker that ends sooner than this is replaced after a pause. */
const shortLifeMilliseconds = 5000
const pauseMilliseconds = 1000
/** How long workers may take to finish their requests. */
const stopMilliseconds = 40_000

interface PoolContext {
  readonly log: Log
  readonly onFailure: (error: Error) => void
}

/** Workers load their code while the primary opens the data. */
export class WorkerPool implements AsyncDisposable {
  readonly #context: PoolContext
  readonly #first: readonly WorkerProcess[]
  readonly #workers = new Set<WorkerProcess>()
  readonly #lostConnections = new LostConnections()
  #primary: PoolServices | undefined
  #isStopping = false

  constructor(context: PoolContext, workers: number) {
    this.#context = context
    cluster.setupPrimary({ serialization: 'advanced', execArgv: workerFlags() })
    this.#first = Array.from({ length: workers }, () => this.#fork())
  }

  /** Starts all workers. Resolves to the URL of the API when each of them listens; rejects if one cannot, or has ended. */
  async start(primary: PoolServices): Promise<string> {
    this.#primary = primary
    primary.callLog?.onChange((isWritable) => this.broadcast({ kind: 'call log', isWritable }))
    const [first, ...others] = this.#first
    if (first === undefined) throw new Error('there is no worker')
    const apiUrl = await this.#start(first)
    await Promise.all(others.map((worker) => this.#start(worker)))
    return apiUrl
  }

  /** Number of workers that answer requests. */
  get running(): number {
    return this.#reachable().filter(({ hasListened }) => hasListened).length
  }

  /** Reads the metrics of each worker. */
  metrics(): Promise<(readonly object[])[]> {
    return Promise.all(this.#reachable().map((worker) => worker.metrics()))
  }

  broadcast(message: FromPrimary): void {
    for (const worker of this.#reachable()) worker.send(message)
  }

  /** Lets workers finish their requests. Those that do not listen yet are killed: they may not receive `stop`. */
  async stop(): Promise<void> {
    this.#isStopping = true
    const workers = this.#reachable()
    const ended = workers.map((worker) => worker.ended())
    for (const worker of workers) if (!worker.hasListened) worker.kill()
    this.broadcast({ kind: 'stop' })
    const timer = setTimeout(() => {
      for (const worker of this.#reachable()) worker.kill()
    }, stopMilliseconds)
    await Promise.all(ended)
    clearTimeout(timer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #reachable(): WorkerProcess[] {
    return [...this.#workers].filter((worker) => worker.isReachable)
  }

  /** Throws if the process cannot be created, for example for lack of memory. */
  #fork(): WorkerProcess {
    const { log, onFailure } = this.#context
    const child = cluster.fork()
    this.#lostConnections.follow(child)
    const worker = new WorkerProcess(child, {
      serve: (request, reply) =>
        serveWorkerRequest(this.#services(), request, {
          reply,
          workerMetrics: () => this.metrics(),
        }),
      accept: (notice) => acceptWorkerNotice(this.#services(), notice),
      failed: (problem) => onFailure(new Error(problem)),
    })
    this.#workers.add(worker)
    child.on('error', (err) => {
      log.error({ err }, 'a worker is out of reach')
      // A process that could not be created emits no 'exit'.
      if (child.process.pid === undefined) this.#workers.delete(worker)
    })
    child.once('exit', (code, signal) => {
      this.#workers.delete(worker)
      if (this.#isStopping || !worker.hasListened) return
      log.error({ worker: child.id, code, signal }, 'a worker ended')
      this.#services().metrics.workerReplaced()
      const isShort = performance.now() - worker.startedAt < shortLifeMilliseconds
      this.#replace(isShort ? pauseMilliseconds : 0)
    })
    return worker
  }

  /** A worker has died: forks and starts another one after so many milliseconds, and tries again until it listens. */
  #replace(milliseconds: number): void {
    setTimeout(() => {
      if (this.#isStopping) return
      this.#forkAndStart().catch((err: unknown) => {
        if (this.#isStopping) return
        this.#context.log.error({ err }, 'a worker cannot be replaced yet')
        this.#replace(pauseMilliseconds)
      })
    }, milliseconds)
  }

  async #forkAndStart(): Promise<void> {
    await this.#start(this.#fork())
  }

  async #start(worker: WorkerProcess): Promise<string> {
    const { publicUrl, publicPort, callLog, masterKeys } = this.#services()
    const { bytes, path } = masterKeys.current
    const options = { publicUrl, publicPort, masterKey: { bytes, path } }
    return worker.start(options, callLog?.isWritable() !== false)
  }

  /** Workers request nothing before they are started. */
  #services(): PoolServices {
    if (this.#primary === undefined) throw new Error('the workers are not started')
    return this.#primary
  }
}

/** Flags of workers: SIGUSR1 must not open a debugger, even while a worker is loaded. */
function workerFlags(): string[] {
  const flag = '--disable-sigusr1'
  const { execArgv } = process
  return execArgv.includes(flag) ? execArgv : [...execArgv, flag]
}
