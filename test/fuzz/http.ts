/** Requests as octets, and a client that sends whatever it is given and waits for what comes back. */
import { connect, type Socket } from 'node:net'

export interface FuzzRequest {
  readonly method: string
  readonly target: string
  /** In their order; a Content-Length is added unless there is one. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

/** The octets of a request: header values in Latin-1. */
export function encodeRequest({ method, target, headers, body }: FuzzRequest): Buffer {
  const hasLength = headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name))
  const all = hasLength ? headers : [...headers, ['content-length', String(body.length)] as const]
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.concat([
    Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines}\r\n`, 'latin1'),
    body,
  ])
}

/** What became of a request. */
export type Outcome =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  /** The connection ended without an answer. */
  | { readonly kind: 'closed' }
  | { readonly kind: 'silent' }

export interface Sending {
  readonly octets: Buffer
  /** Of a request whose end the server cannot know: no answer is waited for long. */
  readonly isBroken: boolean
  /** An answer to HEAD has no body. */
  readonly isHead: boolean
}

const answerMilliseconds = 10_000
const brokenMilliseconds = 120
const bodyShown = 600

/** One connection at a time, kept alive while the server does. */
export class FuzzConnection {
  readonly port: number
  #socket: Socket | undefined

  constructor(port: number) {
    this.port = port
  }

  /** A sound request on a connection that the server closed meanwhile is sent once more. */
  async send(sending: Sending): Promise<Outcome> {
    const isReused = this.#socket !== undefined
    const outcome = await this.#sendOnce(sending)
    return outcome.kind === 'closed' && isReused && !sending.isBroken
      ? this.#sendOnce(sending)
      : outcome
  }

  close(): void {
    this.#socket?.destroy()
    this.#socket = undefined
  }

  #sendOnce({ octets, isBroken, isHead }: Sending): Promise<Outcome> {
    const socket = (this.#socket ??= connect({
      host: '127.0.0.1',
      port: this.port,
      noDelay: true,
    }))
    return new Promise((resolve) => {
      let received: Buffer = Buffer.alloc(0)
      const end = (outcome: Outcome, keep: boolean): void => {
        clearTimeout(late)
        socket.removeAllListeners()
        // A reset after the end is of no interest.
        socket.on('error', () => socket.destroy())
        if (!keep || isBroken) this.close()
        resolve(outcome)
      }
      const late = setTimeout(
        () => end({ kind: 'silent' }, false),
        isBroken ? brokenMilliseconds : answerMilliseconds,
      )
      socket.on('data', (bytes: Buffer) => {
        received = received.length === 0 ? bytes : Buffer.concat([received, bytes])
        const answer = readAnswer(received, isHead)
        if (answer !== undefined) end(answer.outcome, answer.keep)
      })
      const closed = (): void => {
        const cut = readHead(received)
        end(cut === undefined ? { kind: 'closed' } : cut.outcome, false)
      }
      socket.on('error', closed)
      socket.on('close', closed)
      socket.write(octets)
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
  const body = rest.toString('latin1', 0, bodyShown)
  return { outcome: { kind: 'answered', status, body }, fields, rest }
}

/** Undefined while there is more to come. */
function readAnswer(
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
  // Ended by the end of the connection.
  return undefined
}
