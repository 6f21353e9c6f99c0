/**
 * Sends one HTTP/1.1 request again and again over some connections and counts the answers. A process of its own, with
 * as little work per request as can be: what is measured is the server.
 *
 * Argument: JSON of LoadOrder. Prints JSON of LoadResult.
 */
import { connect, type Socket } from 'node:net'

export interface LoadOrder {
  readonly host: string
  readonly port: number
  /** The whole request, base64. */
  readonly request: string
  readonly connections: number
  readonly seconds: number
  /** A new connection for each request: for servers that close it, and who is compared with them. */
  readonly reconnect?: boolean
}

export interface LoadResult {
  /** Answers with status 200. */
  readonly answered: number
  /** Answers with any other status. */
  readonly refused: number
  readonly seconds: number
  /** The first other answer, to say what went wrong. */
  readonly firstRefusal: string | undefined
  /** Milliseconds from request to answer. */
  readonly latency: { readonly median: number; readonly p99: number }
}

interface Counters {
  answered: number
  refused: number
  firstRefusal: string | undefined
  readonly latencies: number[]
}

/** Runs the load until its time is over. */
async function load(order: LoadOrder): Promise<LoadResult> {
  const counters: Counters = { answered: 0, refused: 0, firstRefusal: undefined, latencies: [] }
  const startedAt = performance.now()
  const deadline = startedAt + order.seconds * 1000
  await Promise.all(
    Array.from({ length: order.connections }, async () => {
      do await drive(order, counters, deadline)
      while (order.reconnect === true && performance.now() < deadline)
    }),
  )
  const latencies = Float64Array.from(counters.latencies).sort()
  const quantile = (q: number): number => latencies[Math.floor(latencies.length * q)] ?? Number.NaN
  return {
    answered: counters.answered,
    refused: counters.refused,
    firstRefusal: counters.firstRefusal,
    seconds: (performance.now() - startedAt) / 1000,
    latency: { median: quantile(0.5), p99: quantile(0.99) },
  }
}

function drive(order: LoadOrder, counters: Counters, deadline: number): Promise<void> {
  const request = Buffer.from(order.request, 'base64')
  const socket = connect({ host: order.host, port: order.port, noDelay: true })
  return new Promise((resolve, reject) => {
    let sentAt = 0
    const send = (): void => {
      sentAt = performance.now()
      socket.write(request)
    }
    socket.once('connect', send)
    socket.once('error', reject)
    socket.once('close', () => resolve())
    readAnswers(socket, (status, text) => {
      const now = performance.now()
      counters.latencies.push(now - sentAt)
      if (status === 200) counters.answered += 1
      else {
        counters.refused += 1
        counters.firstRefusal ??= text
      }
      if (now < deadline && order.reconnect !== true) send()
      else socket.destroy()
    })
  })
}

/** Answers have a Content-Length, or none and no body. */
function readAnswers(socket: Socket, onAnswer: (status: number, text: string) => void): void {
  let pending: Buffer = Buffer.alloc(0)
  socket.on('data', (data) => {
    pending = pending.length === 0 ? data : Buffer.concat([pending, data])
    const headEnd = pending.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const head = pending.toString('latin1', 0, headEnd)
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    const end = headEnd + 4 + length
    if (pending.length < end) return
    const text = pending.toString('latin1', 0, end)
    pending = pending.subarray(end)
    onAnswer(Number(head.slice(9, 12)), text)
  })
}

if (import.meta.main) {
  const order = JSON.parse(process.argv[2] ?? '{}') as LoadOrder
  process.stdout.write(JSON.stringify(await load(order)))
}
