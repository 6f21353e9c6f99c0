import { errorStatus, ServiceError, type ErrorCode } from '../errors.ts'

/** A ServiceError with another HTTP status than its code has: what the front end of AWS refuses by itself. */
export class ProtocolError extends ServiceError {
  override name = 'ProtocolError'
  readonly status: number

  constructor(code: ErrorCode, status: number, message: string) {
    super(code, message)
    this.status = status
  }
}

/** What a caller is told about an error. */
export interface ErrorAnswer {
  readonly status: number
  /** For `__type` and for the header `x-amzn-ErrorType`. */
  readonly code: ErrorCode
  /** JSON text. */
  readonly body: string
}

/**
 * The wire form of anything thrown (AWS JSON 1.1 protocol): `{"__type":code,"message":text}`, without the text where
 * it is empty. SerializationException says `Message`, as AWS does. What is no ServiceError is an InternalFailure
 * that tells nothing.
 */
export function renderError(error: unknown): ErrorAnswer {
  if (!(error instanceof ServiceError)) return internalFailure
  const { code, message } = error
  const status = error instanceof ProtocolError ? error.status : errorStatus[code]
  return { status, code, body: JSON.stringify(errorBody(code, message)) }
}

const internalFailure: ErrorAnswer = {
  status: errorStatus.InternalFailure,
  code: 'InternalFailure',
  body: JSON.stringify({ __type: 'InternalFailure' }),
}

function errorBody(code: ErrorCode, message: string): Record<string, string> {
  if (message === '') return { __type: code }
  const key = code === 'SerializationException' ? 'Message' : 'message'
  return { __type: code, [key]: message }
}
