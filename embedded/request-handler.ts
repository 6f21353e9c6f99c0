/** From a request of an AWS SDK to the pipeline of the API and back: the SDK's HTTP handler, without HTTP. */
import { Readable } from 'node:stream'
import { buildQueryString } from '@smithy/core/protocols'
import { httpDate, type Answer } from '../src/http/answer.ts'
import { createApiHandler } from '../src/http/api-handler.ts'
import { longestBodyBytes } from '../src/http/body/limits.ts'
import { logFailure } from '../src/http/log-failure.ts'
import type { ApiServices } from '../src/http/protocol.ts'
import { parseHead, type RequestHead } from '../src/http/request.ts'
import { answerComplete } from '../src/http/route.ts'
import { headersOf } from '../src/http/send-answer.ts'
import type { Gate } from './gate.ts'

/** A request as every AWS SDK for JavaScript v3 has it (`HttpRequest` of `@smithy/protocol-http`). */
export interface SdkRequest {
  readonly method: string
  /** With a colon at its end. */
  readonly protocol: string
  /** Not decoded. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | string[] | null>>
  readonly headers: Readonly<Record<string, string>>
  /** Text, bytes, or a stream of either. */
  readonly body?: unknown
}

/** An answer as the SDK reads it (`HttpResponse` of `@smithy/protocol-http`). */
export interface SdkResponse {
  readonly statusCode: number
  readonly headers: Record<string, string>
  readonly body: Readable
}

/** What of a signal is looked at: SDKs have had their own. */
interface SdkAbortSignal {
  readonly aborted: boolean
  onabort: unknown
}

/** Goes into any client of an AWS SDK for JavaScript v3 as `requestHandler`. */
export interface EmbeddedRequestHandler {
  readonly metadata: { readonly handlerProtocol: string }
  /** Rejects with AbortError when the signal is given, and with Error when the CA is closed. */
  handle(
    request: SdkRequest,
    options?: { readonly abortSignal?: SdkAbortSignal },
  ): Promise<{ response: SdkResponse }>
  /** There is nothing to configure. */
  updateHttpClientConfig(key: never, value: never): void
  httpHandlerConfigs(): Record<string, never>
  /** Does nothing: a client that is destroyed closes no CA. */
  destroy(): void
}

export interface RequestHandlerParts {
  readonly api: ApiServices
  readonly gate: Gate
  readonly requestId: () => string
}

/** What policies see: the caller is on this machine. */
const sourceIp = '127.0.0.1'

export function createRequestHandler({
  api,
  gate,
  requestId,
}: RequestHandlerParts): EmbeddedRequestHandler {
  const handler = createApiHandler(api)
  const answer = async (request: SdkRequest): Promise<{ response: SdkResponse }> => {
    const id = requestId()
    const head = headOf(request)
    const body = await bytesOf(request.body)
    try {
      const connection = { requestId: id, sourceIp, isSecure: request.protocol === 'https:' }
      const route = { handler, parameter: '' }
      const answered = await answerComplete(route, { ...head, body }, connection)
      return { response: responseOf(answered, api.clock.now()) }
    } catch (error) {
      logFailure(api.log, id, error)
      return { response: responseOf(handler.fail(error, head, id)) }
    }
  }
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    handle: async (request, { abortSignal } = {}) =>
      unlessAborted(abortSignal, () => gate.pass(() => answer(request))),
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
    destroy() {},
  }
}

function headOf({ method, path, query = {}, headers }: SdkRequest): RequestHead {
  const rawHeaders = Object.entries(headers).flat()
  return parseHead({ method, url: `${path}?${buildQueryString({ ...query })}`, rawHeaders }, '')
}

/** The date lets an SDK sign for a clock that is not the machine's. */
function responseOf(answer: Answer, date?: Date): SdkResponse {
  // As node:http names headers that arrive.
  const named = Object.entries(headersOf(answer)).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  )
  return {
    statusCode: answer.status,
    headers: { ...Object.fromEntries(named), ...(date && { date: httpDate(date) }) },
    body: Readable.from([Buffer.from(answer.body as string)]),
  }
}

async function bytesOf(body: unknown): Promise<Uint8Array> {
  if (body === undefined || body === null) return new Uint8Array()
  if (typeof body === 'string') return Buffer.from(body)
  if (body instanceof Uint8Array) return body
  if (body instanceof ArrayBuffer) return new Uint8Array(body)
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength)
  if (isStream(body)) return readStream(body)
  throw new TypeError('the body of a request is text, bytes or a stream of them')
}

type Stream = AsyncIterable<string | Uint8Array>

function isStream(body: unknown): body is Stream {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}

/** No further than it is known to be too long. */
async function readStream(body: Stream): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    chunks.push(bytes)
    if (size > longestBodyBytes) break
  }
  return Buffer.concat(chunks)
}

/** What was begun goes on: nothing can stop a write half way. */
async function unlessAborted<T>(
  signal: SdkAbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (signal?.aborted === true) throw abortError()
  if (signal === undefined) return work()
  let stopListening = (): void => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = (): void => reject(abortError())
    if (signal instanceof AbortSignal) {
      signal.addEventListener('abort', onAbort, { once: true })
      stopListening = () => signal.removeEventListener('abort', onAbort)
    }
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- older SDKs have signals with nothing else
    else signal.onabort = onAbort
  })
  try {
    return await Promise.race([work(), aborted])
  } finally {
    stopListening()
  }
}

/** SDKs tell it by its name. */
function abortError(): Error {
  const error = new Error('Request aborted')
  error.name = 'AbortError'
  return error
}
