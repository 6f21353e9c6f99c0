/** Validation failures, which become the error of a challenge. */

/** Error types of ACME (RFC 8555 §6.7) that validation reports. */
export type ValidationProblemType =
  | 'connection'
  | 'dns'
  | 'tls'
  | 'unauthorized'
  | 'incorrectResponse'
  | 'malformed'

export interface ValidationProblem {
  readonly type: ValidationProblemType
  /** A sentence that states what happened and what is expected, without any content of a response. */
  readonly detail: string
}

interface ProblemOptions {
  /** Whether another attempt may succeed without a change of configuration. */
  readonly isRetryable?: boolean
}

/** Thrown when an identifier cannot be validated. `message` is the detail of the problem. */
export class ValidationError extends Error {
  override name = 'ValidationError'
  readonly type: ValidationProblemType
  readonly isRetryable: boolean

  constructor(
    type: ValidationProblemType,
    detail: string,
    { isRetryable = false }: ProblemOptions = {},
  ) {
    super(detail)
    this.type = type
    this.isRetryable = isRetryable
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'no answer',
  HPE_HEADER_OVERFLOW: 'the headers are longer than 16384 bytes',
}

/**
 * Returns the reason for a failed connection. Library messages are not used, because messages from the HTTP parser and OpenSSL
 * can contain bytes from another server.
 */
export function connectionFailure(error: unknown): string {
  const { code = '', reason } = error as NodeJS.ErrnoException & { readonly reason?: unknown }
  if (typeof reason === 'string' && code.startsWith('ERR_SSL_')) return reason
  if (code.startsWith('HPE_')) return reasons[code] ?? `the response is not valid HTTP (${code})`
  return reasons[code] ?? (code === '' ? 'the connection was closed' : code)
}
