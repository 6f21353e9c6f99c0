/** Raw HTTP requests, and a client that sends arbitrary bytes and waits for the response. */
import { connect, type Socket } from 'node:net'

export interface FuzzRequest {
  readonly method: string
  readonly target: string
  /** Headers in transmission order. Content-Length is added unless a header already frames the body. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

/** Returns the bytes of a request, with header values in Latin-1. */
export function encodeRequest({ method, target, headers, body }: FuzzRequest): Buffer {
  const hasLength = headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name))
  const all = hasLength ? headers : [...headers, ['content-length', String(body.length)] as const]
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.concat([
    Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines}\r\n`, 'latin1'),
    body,
  ])
}

/** The outcome of a request. */
export type Outcome =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  /** The connection ended without a response. */
  | { readonly kind: 'closed' }
  | { readonly kind: 'silent' }

export interface Sending {
  readonly bytes: Buffer
  /** The server may be unable to find the end of this request, so the client waits only briefly for a response. */
  readonly isMalformed: boolean
  /** Whether the request is a HEAD request, whose response has no body. */
  readonly isHead: boolean
}

const responseMilliseconds = 10_000
const malformedMilliseconds = 120
const bodyBytesMax = 600

/** A client with a single connection, which is reused until the server closes the connection. */
export class FuzzConnection {
  readonly port: number
  #socket: Socket | undefined

  constructor(port: number) {
    this.port = port
  }

  /**
   * Sends a request over the client's connection. A well-formed request is sent again if the server had
   * closed the reused connection.
   */
  async send(sending: Sending): Promise<Outcome> {
    const isReused = this.#socket !== undefined
    const outcome = await this.#sendOnce(sending)
    return outcome.kind === 'closed' && isReused && !sending.isMalformed
      ? this.#sendOnce(sending)
      : outcome
  }

  close(): void {
    this.#socket?.destroy()
    this.#socket = undefined
  }

  #sendOnce({ bytes, isMalformed, isHead }: Sending): Promise<Outcome> {
    const socket = (this.#socket ??= connect({
      host: '127.0.0.1',
      port: this.port,
      noDelay: true,
    }))
    return new Promise((resolve) => {
      let received: Buffer = Buffer.alloc(0)
      const end = (outcome: Outcome, keep: boolean): void => {
        clearTimeout(timer)
        socket.removeAllListeners()
        // A reset after the response is ignored.
        socket.on('error', () => socket.destroy())
        if (!keep || isMalformed) this.close()
        resolve(outcome)
      }
      const timer = setTimeout(
        () => end({ kind: 'silent' }, false),
        isMalformed ? malformedMilliseconds : responseMilliseconds,
      )
      socket.on('data', (chunk: Buffer) => {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
        const response = readResponse(received, isHead)
        if (response !== undefined) end(response.outcome, response.keep)
      })
      const onClose = (): void => {
        const partial = readHead(received)
        end(partial === undefined ? { kind: 'closed' } : partial.outcome, false)
      }
      socket.on('error', onClose)
      socket.on('close', onClose)
      socket.write(bytes)
    })
  }
}

interface Head {
  readonly outcome: Extract<Outcome, { kind: 'answered' }>
  readonly fields: string
  readonly rest: Buffer
}

function readHead(received: Buffer): Head | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const fields = received.toString('latin1', 0, end)
  const rest = received.subarray(end + 4)
  const status = Number(fields.slice(9, 12))
  if (status >= 100 && status < 200) return readHead(rest)
  const body = rest.toString('latin1', 0, bodyBytesMax)
  return { outcome: { kind: 'answered', status, body }, fields, rest }
}

/** Returns undefined while the response is incomplete. */
function readResponse(
  received: Buffer,
  isHead: boolean,
): { readonly outcome: Outcome; readonly keep: boolean } | undefined {
  const head = readHead(received)
  if (head === undefined) return undefined
  const { outcome, fields, rest } = head
  const keep = !/\r\nconnection: *close/i.test(fields)
  if (isHead || outcome.status === 204 || outcome.status === 304) return { outcome, keep }
  const length = /\r\ncontent-length: *(\d+)/i.exec(fields)?.[1]
  if (length !== undefined) return rest.length >= Number(length) ? { outcome, keep } : undefined
  if (/\r\ntransfer-encoding: *chunked/i.test(fields))
    return rest.toString('latin1').endsWith('0\r\n\r\n') ? { outcome, keep } : undefined
  // The end of the connection delimits the body.
  return undefined
}
