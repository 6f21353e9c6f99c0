/**
 * Sends HTTP/1.1 requests in rotation over several connections and counts the responses. The load generator is a separate
 * process. The load generator does as little work per request as possible, so that the server is the bottleneck.
 *
 * Without `rate`, each connection sends its next request as soon as it has received the previous response (closed loop). With
 * `rate`, each request has a scheduled time. Latency is measured from the scheduled time and includes the wait for a connection
 * (open loop).
 *
 * The only argument is LoadOptions as JSON. The program prints a LoadResult as JSON.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import { readRequests } from './load-file.ts'

export interface LoadOptions {
  /** Ports on 127.0.0.1. Ports across which the connections are distributed. */
  readonly ports: readonly number[]
  /** Whether to use TLS; the server certificate is not verified. TLS cannot be combined with `reconnect`. */
  readonly tls: boolean
  /** Path of a file with complete requests (load-file.ts). */
  readonly requests: string
  readonly connections: number
  readonly seconds: number
  /** Target rate in requests per second. If the rate is omitted, each response triggers the next request. */
  readonly rate?: number
  /** Whether to send each request only once. The load ends when all requests have been sent, or after `seconds`. */
  readonly once?: boolean
  /** Whether to open a connection for each request, for comparisons with servers that close connections. */
  readonly reconnect?: boolean
}

export interface LoadResult {
  /** Number of responses with status 200. */
  readonly succeeded: number
  /** Number of responses with a status other than 200, plus the number of connections closed before the response. */
  readonly failed: number
  readonly seconds: number
  /** The first response with an unexpected status, for the error message. */
  readonly firstFailure: string | undefined
  /**
   * Latencies in milliseconds. Latency is measured from the time at which the request was sent (closed loop) or due (open loop).
   */
  readonly latency: { readonly median: number; readonly p99: number }
}

const host = '127.0.0.1'

class Load {
  readonly options: LoadOptions
  readonly #requests: readonly Buffer[]
  readonly #startedAt = performance.now()
  readonly #latencies: number[] = []
  #next = 0
  #succeeded = 0
  #failed = 0
  #firstFailure: string | undefined

  constructor(options: LoadOptions, requests: readonly Buffer[]) {
    this.options = options
    this.#requests = requests
  }

  /** Returns the next request and its scheduled time; undefined at the end of the load. */
  next(): { readonly request: Buffer; readonly dueAt: number } | undefined {
    const { rate, seconds, once: onlyOnce } = this.options
    const index = this.#next
    const now = performance.now()
    const dueAt = rate === undefined ? now : this.#startedAt + (index * 1000) / rate
    if (dueAt >= this.#startedAt + seconds * 1000) return undefined
    if (onlyOnce === true && index >= this.#requests.length) return undefined
    this.#next += 1
    const request = this.#requests[index % this.#requests.length]
    return request && { request, dueAt }
  }

  /** Counts a response. `response` is undefined if the connection was closed before the response. */
  count(response: Buffer | undefined, dueAt: number): void {
    this.#latencies.push(performance.now() - dueAt)
    if (response?.toString('latin1', 9, 12) === '200') {
      this.#succeeded += 1
      return
    }
    this.#failed += 1
    this.#firstFailure ??= response?.toString('latin1') ?? 'the connection was closed'
  }

  result(): LoadResult {
    const latencies = Float64Array.from(this.#latencies).sort()
    const quantile = (q: number): number =>
      latencies[Math.floor(latencies.length * q)] ?? Number.NaN
    return {
      succeeded: this.#succeeded,
      failed: this.#failed,
      firstFailure: this.#firstFailure,
      seconds: (performance.now() - this.#startedAt) / 1000,
      latency: { median: quantile(0.5), p99: quantile(0.99) },
    }
  }
}

/** Runs the load until it ends. */
async function run(options: LoadOptions): Promise<LoadResult> {
  const { connections } = options
  const sockets =
    options.reconnect === true
      ? Array.from({ length: connections }, () => undefined)
      : await Promise.all(Array.from({ length: connections }, (_, index) => open(options, index)))
  const load = new Load(options, readRequests(options.requests))
  await Promise.all(
    sockets.map((socket) => (socket === undefined ? sendReconnecting(load) : sendOn(load, socket))),
  )
  return load.result()
}

async function open({ ports, tls }: LoadOptions, index: number): Promise<Socket> {
  const port = ports[index % ports.length] ?? 0
  const socket = tls
    ? connectTls({ host, port, rejectUnauthorized: false })
    : connect({ host, port })
  socket.setNoDelay(true)
  await once(socket, tls ? 'secureConnect' : 'connect')
  return socket
}

/** Sends requests over one connection. */
function sendOn(load: Load, socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    let dueAt = 0
    let waiting = true
    const send = (): void => {
      const next = load.next()
      if (next === undefined) {
        waiting = false
        socket.destroy()
        return
      }
      ;({ dueAt } = next)
      const early = load.options.rate === undefined ? 0 : dueAt - performance.now()
      // Timers have a resolution of one millisecond. Sending a request late increases its measured latency; sending it early
      // would reduce it.
      if (early <= 0) socket.write(next.request)
      else setTimeout(() => socket.write(next.request), Math.ceil(early))
    }
    socket.once('error', () => undefined)
    socket.once('close', () => {
      if (waiting) load.count(undefined, dueAt)
      resolve()
    })
    readResponses(socket, (response) => {
      load.count(response, dueAt)
      send()
    })
    send()
  })
}

/** Sends each request over a new connection. The latency includes the time to connect. */
async function sendReconnecting(load: Load): Promise<void> {
  for (let next = load.next(); next !== undefined; next = load.next()) {
    const { request, dueAt } = next
    const early = dueAt - performance.now()
    if (early > 0) await sleep(Math.ceil(early))
    const socket = connect({ host, port: load.options.ports[0] ?? 0, noDelay: true })
    socket.write(request)
    const response = await new Promise<Buffer | undefined>((resolve) => {
      socket.once('error', () => undefined)
      socket.once('close', () => resolve(undefined))
      readResponses(socket, resolve)
    })
    load.count(response, dueAt)
    socket.destroy()
  }
}

/** Parses HTTP responses. A response without Content-Length must not have a body. */
function readResponses(socket: Socket, onResponse: (response: Buffer) => void): void {
  let pending: Buffer = Buffer.alloc(0)
  socket.on('data', (data) => {
    pending = pending.length === 0 ? data : Buffer.concat([pending, data])
    const headEnd = pending.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const head = pending.toString('latin1', 0, headEnd)
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    const end = headEnd + 4 + length
    if (pending.length < end) return
    const response = pending.subarray(0, end)
    pending = pending.subarray(end)
    onResponse(response)
  })
}

if (import.meta.main) {
  const options = JSON.parse(process.argv[2] ?? '{}') as LoadOptions
  process.stdout.write(JSON.stringify(await run(options)))
}
