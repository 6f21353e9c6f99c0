/** A keep-alive connection that sends requests as bytes, in parts and pipelined, and reads the responses in order. */
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'

export interface HttpAnswer {
  readonly status: number
  /** Headers by lower-case name. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

export class KeepAlive implements Disposable {
  readonly #socket: Socket
  readonly #waiting: PromiseWithResolvers<HttpAnswer>[] = []
  #received: Buffer = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay()
    socket.on('data', (data: Buffer) => this.#take(data))
    socket.on('error', () => {})
    socket.on('close', () => {
      const where = this.#received.length > 0 ? ' within a response' : ''
      for (const { reject } of this.#waiting.splice(0))
        reject(new Error(`the connection ended${where}`))
    })
  }

  static async open(url: string): Promise<KeepAlive> {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    return new KeepAlive(socket)
  }

  /** Sends a request and returns its response. Rejects if the connection ends before the response is complete. */
  send(request: Buffer): Promise<HttpAnswer> {
    this.write(request)
    return this.answer()
  }

  /** Sends bytes, which may be a part of a request or several requests. */
  write(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** Returns the next unread response. */
  answer(): Promise<HttpAnswer> {
    const answer = Promise.withResolvers<HttpAnswer>()
    if (this.#socket.destroyed) answer.reject(new Error('the connection has ended'))
    else this.#waiting.push(answer)
    return answer.promise
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  #take(data: Buffer): void {
    this.#received = Buffer.concat([this.#received, data])
    for (;;) {
      const end = this.#received.indexOf('\r\n\r\n')
      if (end < 0) return
      const [start = '', ...lines] = this.#received.toString('latin1', 0, end).split('\r\n')
      const headers = new Map(
        lines.map((line) => {
          const colon = line.indexOf(':')
          return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
        }),
      )
      const next = end + 4 + Number(headers.get('content-length') ?? 0)
      if (this.#received.length < next) return
      const body = this.#received.subarray(end + 4, next)
      this.#received = this.#received.subarray(next)
      this.#waiting.shift()?.resolve({ status: Number(start.split(' ')[1]), headers, body })
    }
  }
}

/** Returns the bytes of a POST request. */
export function postBytes(
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
  path = '/',
): Buffer {
  const bytes = Buffer.from(body)
  const fields = Object.entries({ ...headers, 'content-length': String(bytes.length) })
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), bytes])
}
