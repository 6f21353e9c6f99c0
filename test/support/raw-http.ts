/** HTTP requests as raw bytes, including requests that no client library would send. */
import { connect } from 'node:net'

export interface RawAnswer {
  /** HTTP status code; 0 if the connection ended without a response. */
  readonly status: number
  /** Headers by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * Sends Latin-1 text. Resolves to the first response other than `100 Continue`. The response is partial if the connection ends
 * early.
 */
export function sendRaw(url: string, request: string): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    let received = ''
    const end = (): void => {
      socket.destroy()
      resolve(parseAnswer(received) ?? { status: 0, headers: {}, body: '' })
    }
    // A server may close a connection while the client is still writing to it.
    socket.on('error', end).on('close', end)
    socket.on('data', (data: Buffer) => {
      received += data.toString('latin1')
      const answer = parseAnswer(received)
      if (answer !== undefined && answer.body.length >= Number(answer.headers['content-length']))
        end()
    })
    socket.write(Buffer.from(request, 'latin1'))
  })
}

function parseAnswer(received: string): RawAnswer | undefined {
  const text = received.replace(/^HTTP\/1\.1 100 [^]*?\r\n\r\n/, '')
  const [head = '', ...rest] = text.split('\r\n\r\n')
  if (rest.length === 0) return undefined
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  const status = Number(statusLine.split(' ')[1])
  return { status, headers: Object.fromEntries(headers), body: rest.join('\r\n\r\n') }
}

/** Returns a POST request with a body. */
export function post(
  headers: Readonly<Record<string, string>>,
  body: string,
  target = '/',
): string {
  const fields = Object.entries({ host: 'h', ...headers, 'content-length': String(body.length) })
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}
