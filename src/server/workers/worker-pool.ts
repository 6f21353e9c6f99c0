/**
 * The primary's side of its workers. The pool forks and starts the workers, serves their requests, replaces workers that exit
 * unexpectedly (`#replace`), and stops the workers.
 */
import cluster from 'node:cluster'
import type { Log } from '../../telemetry/log.ts'
import { LostConnections } from './lost-connections.ts'
import type { FromPrimary, ListenerUrls, PublicEndpoint, WorkerStart } from './messages.ts'
import { acceptWorkerNotice, serveWorkerRequest, type PrimaryServices } from './primary-services.ts'
import { WorkerProcess } from './worker-process.ts'

/** The services that are needed to start workers and handle their requests. */
interface PoolServices extends PrimaryServices, PublicEndpoint {
  readonly masterKeys: { readonly current: WorkerStart['masterKey'] }
}

/** Minimum run time of a worker in milliseconds. A worker that exits sooner is replaced after a pause. */
const shortLifeMilliseconds = 5000
const pauseMilliseconds = 1000
/** Time limit for workers to complete their requests when the server shuts down. */
const stopMilliseconds = 40_000

interface PoolContext {
  readonly log: Log
  readonly onFailure: (error: Error) => void
}

/**
 * The workers of a server. The constructor forks the workers, so that they load their code while the primary opens the data.
 */
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

  /**
   * Starts all workers. Resolves to the URLs of the listeners when all workers listen. Rejects if a worker cannot listen or has
   * exited.
   */
  async start(primary: PoolServices): Promise<ListenerUrls> {
    this.#primary = primary
    primary.callLog?.onChange((isWritable) => this.broadcast({ kind: 'call log', isWritable }))
    const [first, ...others] = this.#first
    if (first === undefined) throw new Error('there is no worker')
    const { apiUrl, enrollUrl } = await this.#start(first)
    await Promise.all(others.map((worker) => this.#start(worker)))
    return { apiUrl, enrollUrl }
  }

  /** Number of workers that currently listen. */
  get running(): number {
    return this.#reachable().filter(({ hasListened }) => hasListened).length
  }

  /** Reads the metrics of every worker. */
  metrics(): Promise<(readonly object[])[]> {
    return Promise.all(this.#reachable().map((worker) => worker.metrics()))
  }

  broadcast(message: FromPrimary): void {
    for (const worker of this.#reachable()) worker.send(message)
  }

  /**
   * Stops the workers after their running requests are complete. Workers that are not listening yet are killed, because they may
   * not receive `stop`.
   */
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

  /** Forks a worker. Throws an error if the process cannot be created, for example because memory is exhausted. */
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
      log.error({ err }, 'a worker process cannot be created or reached')
      // No 'exit' event is emitted for a process that could not be created.
      if (child.process.pid === undefined) this.#workers.delete(worker)
    })
    child.once('exit', (code, signal) => {
      this.#workers.delete(worker)
      if (this.#isStopping || !worker.hasListened) return
      log.error({ worker: child.id, code, signal }, 'a worker exited unexpectedly')
      this.#services().metrics.workerReplaced()
      const isShort = performance.now() - worker.startedAt < shortLifeMilliseconds
      this.#replace(isShort ? pauseMilliseconds : 0)
    })
    return worker
  }

  /** Forks and starts a replacement for an exited worker after a delay. The method retries until the new worker listens. */
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

  async #start(worker: WorkerProcess): Promise<ListenerUrls> {
    const { publicUrl, publicPort, callLog, masterKeys } = this.#services()
    const { bytes, path, fileKey } = masterKeys.current
    const options = { publicUrl, publicPort, masterKey: { bytes, path, fileKey } }
    return worker.start(options, callLog?.isWritable() !== false)
  }

  /** Returns the services for workers. Workers send no requests before they are started. */
  #services(): PoolServices {
    if (this.#primary === undefined) throw new Error('the workers are not started')
    return this.#primary
  }
}

/** Returns the Node.js flags for workers. SIGUSR1 must not open a debugger, even while a worker is still loading. */
function workerFlags(): string[] {
  const flag = '--disable-sigusr1'
  const { execArgv } = process
  return execArgv.includes(flag) ? execArgv : [...execArgv, flag]
}
