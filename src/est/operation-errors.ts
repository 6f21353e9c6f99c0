/** Converts errors of API operations to EST errors (RFC 7030 §4.2.3). */
import { sentenceOf, ServiceError, type ErrorCode } from '../errors.ts'
import { failedUnexpectedly } from '../http/answer.ts'
import { EstError } from './est-error.ts'

/** Runs an operation. Throws EstError, with the ServiceError as its cause, if the operation fails. */
export async function translateErrors<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw error instanceof ServiceError ? toEstError(error) : error
  }
}

/** Returns the error of the operation from which an EstError was created. */
export function operationError(error: unknown): ServiceError | undefined {
  return error instanceof EstError && error.cause instanceof ServiceError ? error.cause : undefined
}

/**
 * Seconds until a client repeats a request whose certificate is not signed yet, or a request that failed because of the server.
 */
const retrySeconds = '60'

/** HTTP statuses for the errors of operations. All other errors are caused by the request. */
const statuses: Partial<Readonly<Record<ErrorCode, number>>> = {
  AccessDeniedException: 403,
  ConcurrentModificationException: 503,
  InternalFailure: 500,
  InvalidStateException: 503,
  LimitExceededException: 503,
  RequestFailedException: 503,
  RequestInProgressException: 202,
  ResourceNotFoundException: 503,
  ServiceUnavailable: 503,
  ThrottlingException: 429,
}

/** Messages that replace the operations' own messages, which are meant for API callers. */
const messages: Partial<Readonly<Record<ErrorCode, string>>> = {
  AccessDeniedException:
    'The policies of the endpoint and of its CA do not permit this certificate.',
  InternalFailure: failedUnexpectedly,
  InvalidStateException: 'The CA of the endpoint cannot issue certificates at present.',
  RequestInProgressException:
    'The certificate is not issued yet. Send the same request again later.',
  ResourceNotFoundException: 'The CA of the endpoint cannot issue certificates at present.',
  ThrottlingException: 'The server has received too many requests. Try again.',
}

function toEstError(error: ServiceError): EstError {
  const status = statuses[error.code] ?? 400
  const retryAfter = status === 429 ? '1' : retrySeconds
  const headers = [202, 429, 503].includes(status) ? { 'retry-after': retryAfter } : {}
  return new EstError(status, messages[error.code] ?? sentenceOf(error), { cause: error, headers })
}
