/**
 * Sends HTTP/1.1 requests in rotation over some connections and counts the answers. A process of its own, with as
 * little work per request as can be: what is measured is the server.
 *
 * Without `rate` each connection sends as soon as it has its answer (closed loop). With it, requests are due at fixed
 * times, and the latency of each counts from then on, also while it waits for a connection (open loop).
 *
 * Argument: JSON of LoadOrder. Prints JSON of LoadResult.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import { readRequests } from './load-file.ts'

export interface LoadOrder {
  /** Of 127.0.0.1; connections are spread over them. */
  readonly ports: readonly number[]
  /** Without a check of the certificate. Not together with `reconnect`. */
  readonly tls: boolean
  /** Path of a file of whole requests (load-file.ts). */
  readonly requests: string
  readonly connections: number
  readonly seconds: number
  /** Requests a second; as many as the server answers if left out. */
  readonly rate?: number
  /** Sends no request a second time: the load ends when all are sent, or its time is over. */
  readonly once?: boolean
  /** A new connection for each request: for servers that close it, and who is compared with them. */
  readonly reconnect?: boolean
}

export interface LoadResult {
  /** Answers with status 200. */
  readonly answered: number
  /** Answers with any other status, and connections that ended without one. */
  readonly refused: number
  readonly seconds: number
  /** The first other answer, to say what went wrong. */
  readonly firstRefusal: string | undefined
  /** Milliseconds from request, or when it was due, to answer. */
  readonly latency: { readonly median: number; readonly p99: number }
}

const host = '127.0.0.1'

class Load {
  readonly order: LoadOrder
  readonly #requests: readonly Buffer[]
  readonly #startedAt = performance.now()
  readonly #latencies: number[] = []
  #next = 0
  #answered = 0
  #refused = 0
  #firstRefusal: string | undefined

  constructor(order: LoadOrder, requests: readonly Buffer[]) {
    this.order = order
    this.#requests = requests
  }

  /** The next request and when it was or is due; undefined when there is none any more. */
  next(): { readonly request: Buffer; readonly dueAt: number } | undefined {
    const { rate, seconds, once: onlyOnce } = this.order
    const index = this.#next
    const now = performance.now()
    const dueAt = rate === undefined ? now : this.#startedAt + (index * 1000) / rate
    if (dueAt >= this.#startedAt + seconds * 1000) return undefined
    if (onlyOnce === true && index >= this.#requests.length) return undefined
    this.#next += 1
    const request = this.#requests[index % this.#requests.length]
    return request && { request, dueAt }
  }

  /** Counts an answer; undefined is a connection that ended without one. */
  count(answer: Buffer | undefined, dueAt: number): void {
    this.#latencies.push(performance.now() - dueAt)
    if (answer?.toString('latin1', 9, 12) === '200') {
      this.#answered += 1
      return
    }
    this.#refused += 1
    this.#firstRefusal ??= answer?.toString('latin1') ?? 'the connection ended'
  }

  result(): LoadResult {
    const latencies = Float64Array.from(this.#latencies).sort()
    const quantile = (q: number): number =>
      latencies[Math.floor(latencies.length * q)] ?? Number.NaN
    return {
      answered: this.#answered,
      refused: this.#refused,
      firstRefusal: this.#firstRefusal,
      seconds: (performance.now() - this.#startedAt) / 1000,
      latency: { median: quantile(0.5), p99: quantile(0.99) },
    }
  }
}

/** Runs the load until its time is over. */
async function run(order: LoadOrder): Promise<LoadResult> {
  const { connections } = order
  const sockets =
    order.reconnect === true
      ? Array.from({ length: connections }, () => undefined)
      : await Promise.all(Array.from({ length: connections }, (_, index) => open(order, index)))
  const load = new Load(order, readRequests(order.requests))
  await Promise.all(
    sockets.map((socket) => (socket === undefined ? driveAnew(load) : drive(load, socket))),
  )
  return load.result()
}

async function open({ ports, tls }: LoadOrder, index: number): Promise<Socket> {
  const port = ports[index % ports.length] ?? 0
  const socket = tls
    ? connectTls({ host, port, rejectUnauthorized: false })
    : connect({ host, port })
  socket.setNoDelay(true)
  await once(socket, tls ? 'secureConnect' : 'connect')
  return socket
}

/** One connection for all requests. */
function drive(load: Load, socket: Socket): Promise<void> {
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
      const early = load.order.rate === undefined ? 0 : dueAt - performance.now()
      // Timers have whole milliseconds: rather late, which counts as latency, than early.
      if (early <= 0) socket.write(next.request)
      else setTimeout(() => socket.write(next.request), Math.ceil(early))
    }
    socket.once('error', () => undefined)
    socket.once('close', () => {
      if (waiting) load.count(undefined, dueAt)
      resolve()
    })
    readAnswers(socket, (answer) => {
      load.count(answer, dueAt)
      send()
    })
    send()
  })
}

/** A connection for each request; waiting for it is part of the latency. */
async function driveAnew(load: Load): Promise<void> {
  for (let next = load.next(); next !== undefined; next = load.next()) {
    const { request, dueAt } = next
    const early = dueAt - performance.now()
    if (early > 0) await sleep(Math.ceil(early))
    const socket = connect({ host, port: load.order.ports[0] ?? 0, noDelay: true })
    socket.write(request)
    const answer = await new Promise<Buffer | undefined>((resolve) => {
      socket.once('error', () => undefined)
      socket.once('close', () => resolve(undefined))
      readAnswers(socket, resolve)
    })
    load.count(answer, dueAt)
    socket.destroy()
  }
}

/** Answers have a Content-Length, or none and no body. */
function readAnswers(socket: Socket, onAnswer: (answer: Buffer) => void): void {
  let pending: Buffer = Buffer.alloc(0)
  socket.on('data', (data) => {
    pending = pending.length === 0 ? data : Buffer.concat([pending, data])
    const headEnd = pending.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const head = pending.toString('latin1', 0, headEnd)
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    const end = headEnd + 4 + length
    if (pending.length < end) return
    const answer = pending.subarray(0, end)
    pending = pending.subarray(end)
    onAnswer(answer)
  })
}

if (import.meta.main) {
  const order = JSON.parse(process.argv[2] ?? '{}') as LoadOrder
  process.stdout.write(JSON.stringify(await run(order)))
}
