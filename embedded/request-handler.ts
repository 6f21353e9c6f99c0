/** An HTTP handler for AWS SDKs that passes each request to the API in the current process, without a network. */
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

/** A request from the AWS SDK for JavaScript v3 (`HttpRequest` of `@smithy/protocol-http`). */
export interface SdkRequest {
  readonly method: string
  /** URL scheme with the colon: `http:` or `https:`. */
  readonly protocol: string
  /** The percent-encoded path of the URL. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | string[] | null>>
  readonly headers: Readonly<Record<string, string>>
  /** Request body: a string, bytes, or a stream of either. */
  readonly body?: unknown
}

/** A response for the AWS SDK for JavaScript v3 (`HttpResponse` of `@smithy/protocol-http`). */
export interface SdkResponse {
  readonly statusCode: number
  readonly headers: Record<string, string>
  readonly body: Readable
}

/** The members of an abort signal that the handler uses. Old SDK versions have their own signal class. */
interface SdkAbortSignal {
  readonly aborted: boolean
  onabort: unknown
}

/**
 * The `requestHandler` option for clients of the AWS SDK for JavaScript v3.
 *
 * @example
 * const { region, endpoint, credentials, requestHandler } = ca
 * const sdk = new ACMPCAClient({ region, endpoint, credentials, requestHandler })
 */
export interface EmbeddedRequestHandler {
  readonly metadata: { readonly handlerProtocol: string }
  /**
   * Passes a signed request to the CA.
   *
   * @throws AbortError if the signal aborts
   * @throws Error if the CA is closed
   * @example
   * const { response } = await ca.requestHandler.handle(signedRequest)
   */
  handle(
    request: SdkRequest,
    options?: { readonly abortSignal?: SdkAbortSignal },
  ): Promise<{ response: SdkResponse }>
  /**
   * Has no effect, because the handler has no configuration.
   *
   * @example
   * ca.requestHandler.updateHttpClientConfig()
   */
  updateHttpClientConfig(key?: never, value?: never): void
  /**
   * Returns an empty object, because the handler has no configuration.
   *
   * @example
   * ca.requestHandler.httpHandlerConfigs() // {}
   */
  httpHandlerConfigs(): Record<string, never>
  /**
   * Has no effect, because destroying an SDK client does not close the CA.
   *
   * @example
   * ca.requestHandler.destroy()
   */
  destroy(): void
}

export interface RequestHandlerParts {
  readonly api: ApiServices
  readonly gate: Gate
  readonly requestId: () => string
}

/** The value of aws:SourceIp in policy evaluation. */
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

/** Converts a response to the SDK's form. The SDK uses the response's Date header to correct its clock for signatures. */
function responseOf(answer: Answer, date?: Date): SdkResponse {
  // Names of received headers are in lower case, as in node:http.
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
  throw new TypeError('the request body must be text, bytes, or a stream of text or bytes')
}

type Stream = AsyncIterable<string | Uint8Array>

function isStream(body: unknown): body is Stream {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}

/** Reads a stream up to the maximum size of a request body. */
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

/** Rejects when the signal aborts. After an abort, the operation itself continues, because a write cannot be stopped midway. */
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
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the signals of old SDKs have no addEventListener
    else signal.onabort = onAbort
  })
  try {
    return await Promise.race([work(), aborted])
  } finally {
    stopListening()
  }
}

/** Creates an AbortError, which SDKs recognize by its name. */
function abortError(): Error {
  const error = new Error('Request aborted')
  error.name = 'AbortError'
  return error
}
