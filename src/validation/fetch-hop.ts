/** One HTTP request of a validation, on its own connection to a checked address. */
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { hostOf } from '../text/internal-address.ts'
import type { Attempt } from './attempt.ts'
import { connectTo, eventOf } from './connect.ts'
import { connectionFailure, ValidationError } from './problem.ts'
import { portOf, shownUrl } from './redirect.ts'
import { startTls } from './start-tls.ts'

/** A key authorization has 87 characters: the token and the thumbprint have 43 each, and a dot separates them. */
const bodyBytesMax = 1024
const headerBytesMax = 16_384
/** Maximum number of 1xx responses before the final response. */
const informationalMax = 8

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
/** Statuses of servers that are overloaded or not ready yet. */
const retryableStatuses: ReadonlySet<number> = new Set([429, 500, 502, 503, 504])

export interface HopResponse {
  readonly isRedirect: boolean
  /** The Location header of a redirect. */
  readonly location: string | undefined
  /** The body; empty for a redirect. */
  readonly text: string
  /** Describes the body in error messages, without its content. */
  readonly description: string
}

/**
 * Sends a GET request and reads the response, which must either be a redirect or have status 200 and a body of at most 1 KiB. The
 * certificate of an https URL is not verified: RFC 8555 §8.3 does not require verification, and the host may have no certificate
 * yet. Rejects with ValidationError.
 */
export async function fetchHop(attempt: Attempt, url: URL): Promise<HopResponse> {
  const host = hostOf(url)
  const { socket, peer } = await connectTo(attempt, host, portOf(url, attempt))
  try {
    const isSecure = url.protocol === 'https:'
    const stream = isSecure ? await startTls(attempt, { socket, peer, serverName: host }) : socket
    attempt.note(`reading ${shownUrl(url)} from ${peer}`)
    return await exchange(attempt, url, stream).catch((error: unknown) => {
      attempt.signal.throwIfAborted()
      if (error instanceof ValidationError) throw error
      throw new ValidationError(
        'connection',
        `No response for ${shownUrl(url)} from ${peer}: ${connectionFailure(error)}`,
        { isRetryable: true },
      )
    })
  } finally {
    socket.destroy()
  }
}

async function exchange(attempt: Attempt, url: URL, stream: Socket): Promise<HopResponse> {
  const shown = shownUrl(url)
  const sent = request({
    createConnection: () => stream,
    path: `${url.pathname}${url.search}`,
    headers: {
      host: url.host,
      accept: '*/*',
      'accept-encoding': 'identity',
      'user-agent': 'signet',
    },
    maxHeaderSize: headerBytesMax,
    signal: attempt.signal,
  })
  const response = await responseTo(sent, shown, attempt.signal)
  const { statusCode = 0, headers } = response
  if (redirectStatuses.has(statusCode))
    return { isRedirect: true, location: headers.location, text: '', description: '' }
  if (statusCode !== 200)
    throw new ValidationError(
      'unauthorized',
      `The web server returned status ${statusCode} for ${shown}; the status must be 200`,
      { isRetryable: retryableStatuses.has(statusCode) },
    )
  const body = await readBody(response, shown)
  const encoding = headers['content-encoding'] === undefined ? '' : ' with a Content-Encoding'
  const description = `The response of ${body.length} bytes${encoding} for ${shown}`
  return { isRedirect: false, location: undefined, text: body.toString('utf8'), description }
}

async function responseTo(
  sent: ClientRequest,
  shown: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  let informational = 0
  sent.on('information', () => {
    informational += 1
    if (informational > informationalMax)
      sent.destroy(
        new ValidationError(
          'connection',
          `The web server returned more than ${informationalMax} informational responses for ${shown}`,
        ),
      )
  })
  // An unhandled error event would end the process.
  sent.on('error', () => {})
  sent.end()
  const [response] = (await eventOf(sent, 'response', signal)) as [IncomingMessage]
  return response
}

async function readBody(response: IncomingMessage, shown: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bodyBytesMax)
      throw new ValidationError(
        'incorrectResponse',
        `The web server returned more than ${bodyBytesMax} bytes for ${shown}; the response must be the key authorization`,
      )
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
