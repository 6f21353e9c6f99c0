/** Errors of EST requests, which clients receive as plain text (RFC 7030 §4.2.3). */

/** Outcomes of requests, for the log and the metrics. */
export type EstResult =
  | 'success'
  | 'pending'
  | 'malformed'
  | 'unauthorized'
  | 'refused'
  | 'throttled'
  | 'not-found'
  | 'unavailable'
  | 'error'

/** HTTP statuses of errors, keyed by outcome. */
const results: Readonly<Record<number, EstResult>> = {
  202: 'pending',
  401: 'unauthorized',
  403: 'refused',
  404: 'not-found',
  429: 'throttled',
  500: 'error',
  501: 'refused',
  503: 'unavailable',
}

/** An error for the client. The message is a human-readable sentence without secrets. */
export class EstError extends Error {
  override name = 'EstError'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    message: string,
    { headers = {}, ...options }: ErrorOptions & { readonly headers?: Record<string, string> } = {},
  ) {
    super(message, options)
    this.status = status
    this.headers = headers
  }
}

export function notFound(): EstError {
  return new EstError(
    404,
    'Not found. The path of an EST operation is /.well-known/est/NAME/OPERATION, with the name of an EST endpoint and ' +
      'cacerts, csrattrs, simpleenroll, simplereenroll or serverkeygen.',
  )
}

/** Returns the outcome for an HTTP status. */
export function resultOf(status: number): EstResult {
  return results[status] ?? (status < 300 ? 'success' : 'malformed')
}
