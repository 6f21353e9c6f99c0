/** Errors from the API, with the request ID that identifies the request in the server's logs. */

interface ApiErrorDetails {
  readonly code: string
  readonly message: string
  readonly requestId?: string | undefined
  readonly operation?: string | undefined
}

export class ApiError extends Error {
  readonly code: string
  readonly requestId: string | undefined
  readonly operation: string | undefined

  constructor({ code, message, requestId, operation }: ApiErrorDetails) {
    super(message)
    this.code = code
    this.requestId = requestId
    this.operation = operation
  }

  /** Whether the call failed because the principal's policies do not allow it. */
  get isDenied(): boolean {
    return this.code.startsWith('AccessDenied')
  }

  /** Whether the call failed because the credentials are no longer valid. */
  get isSignedOut(): boolean {
    return /^(?:ExpiredToken|UnrecognizedClient|InvalidClientTokenId)/.test(this.code)
  }
}

/**
 * Adds the cause of a failed sign-in to AWS's message for rejected credentials, which blames a security token even if the
 * credentials contain none.
 */
export function toSignInError(failure: unknown): ApiError {
  const error = toApiError(failure)
  if (!error.isSignedOut) return error
  const { code, requestId, operation, message } = error
  const cause = 'The access key ID is unknown or inactive, or the session has expired.'
  return new ApiError({ code, requestId, operation, message: `${cause} ${message}` })
}

/** Converts a failure of any kind to an ApiError. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new ApiError({ code: 'Error', message })
}

interface ErrorResponse {
  readonly status: number
  readonly headers: Pick<Headers, 'get'>
}

/** Parses an error in the AWS JSON 1.1 protocol. */
export function parseError(response: ErrorResponse, text: string, operation: string): ApiError {
  const body = parseJson(text)
  const member = (name: string): string | undefined => {
    const value = body[name]
    return typeof value === 'string' ? value : undefined
  }
  const type = response.headers.get('x-amzn-errortype') ?? member('__type')
  const code = (type ?? `HTTP ${response.status}`).replace(/^.*#/, '')
  const message = member('message') ?? member('Message') ?? ''
  return new ApiError({
    code,
    message: message || defaultMessage(code),
    requestId: response.headers.get('x-amzn-requestid') ?? undefined,
    operation,
  })
}

/** Parses an error in the AWS Query protocol, which uses XML. */
export function parseStsError(response: ErrorResponse, text: string, operation: string): ApiError {
  const member = (name: string): string | undefined =>
    new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1]
  const code = member('Code') ?? `HTTP ${response.status}`
  return new ApiError({
    code,
    message: decodeEntities(member('Message') ?? '') || defaultMessage(code),
    requestId: response.headers.get('x-amzn-requestid') ?? member('RequestId'),
    operation,
  })
}

const entities: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
}

export function decodeEntities(text: string): string {
  return text.replaceAll(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => entities[name] ?? '')
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function defaultMessage(code: string): string {
  return code === 'InternalFailure'
    ? 'The server could not process the request. The server log contains the cause.'
    : 'The server returned no message.'
}
