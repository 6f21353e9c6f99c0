import { errorStatus, ServiceError, type ErrorCode } from '../errors.ts'

/**
 * A ServiceError whose HTTP status differs from the default for its code. AWS's front end returns errors whose status differs
 * from the default.
 */
export class ProtocolError extends ServiceError {
  override name = 'ProtocolError'
  readonly status: number

  constructor(code: ErrorCode, status: number, message: string) {
    super(code, message)
    this.status = status
  }
}

/** The error response that a caller receives. */
export interface ErrorAnswer {
  readonly status: number
  /** Error code that is sent as `__type` and in the header `x-amzn-ErrorType`. */
  readonly code: ErrorCode
  /** Body of the response, as JSON. */
  readonly body: string
}

/**
 * Converts a thrown value to an error response of the AWS JSON 1.1 protocol: `{"__type":code,"message":text}`. An empty `message`
 * is omitted. As in AWS, the member is named `Message` in a SerializationException. Any value other than a ServiceError is
 * converted to an InternalFailure without details.
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
