/** The client's errors: a class for each API exception, and classes for errors that the client itself detects. */
import { ServiceException } from '@smithy/core/client'

/** Exceptions in the API model (AWS Private CA API Reference). */
const exceptionCodes = [
  'CertificateMismatchException',
  'ConcurrentModificationException',
  'InvalidArgsException',
  'InvalidArnException',
  'InvalidNextTokenException',
  'InvalidPolicyException',
  'InvalidRequestException',
  'InvalidStateException',
  'InvalidTagException',
  'LimitExceededException',
  'LockoutPreventedException',
  'MalformedCSRException',
  'MalformedCertificateException',
  'PermissionAlreadyExistsException',
  'RequestAlreadyProcessedException',
  'RequestFailedException',
  'RequestInProgressException',
  'ResourceNotFoundException',
  'TooManyTagsException',
] as const

/** The error code of an exception in the API model. */
export type ExceptionCode = (typeof exceptionCodes)[number]

/** An error response from the service, in the form of boto3's `ClientError.response`. */
export interface ErrorResponse {
  readonly Error: { readonly Code: string; readonly Message: string }
  readonly ResponseMetadata: {
    readonly RequestId: string
    readonly HTTPStatusCode: number
    readonly HTTPHeaders: Readonly<Record<string, string>>
    readonly RetryAttempts: number
  }
}

/**
 * An error that the service returned. `name` and `code` contain the error code, and `cause` is the exception from the AWS SDK.
 *
 * @example
 * if (error instanceof ClientError && error.code === 'ThrottlingException') await retryLater()
 */
export class ClientError extends Error {
  /** Code, message, request ID, HTTP status and headers of the response. */
  readonly response: ErrorResponse
  /** Name of the API operation, such as `IssueCertificate`. */
  readonly operationName: string

  constructor(response: ErrorResponse, operationName: string, options?: ErrorOptions) {
    const { Code, Message } = response.Error
    super(messageOf(response, operationName), options)
    this.name = Code === '' ? 'ClientError' : Code
    this.response = { ...response, Error: { Code, Message } }
    this.operationName = operationName
  }

  /** The error code, such as `ResourceNotFoundException`. */
  get code(): string {
    return this.response.Error.Code
  }

  /** The request ID, which also appears in the service's log. */
  get requestId(): string {
    return this.response.ResponseMetadata.RequestId
  }
}

/** Formats the message as botocore does (ClientError.MSG_TEMPLATE). */
function messageOf({ Error: error }: ErrorResponse, operation: string): string {
  return `An error occurred (${error.Code}) when calling the ${operation} operation: ${error.Message}`
}

/** The exception class for a particular error code. */
export interface ExceptionClass<Code extends string> {
  new (
    response: ErrorResponse,
    operationName: string,
    options?: ErrorOptions,
  ): ClientError & { readonly code: Code }
}

/**
 * The exception classes, keyed by error code.
 *
 * @example
 * if (error instanceof client.exceptions.ResourceNotFoundException) return undefined
 */
export type Exceptions = {
  readonly [Code in ExceptionCode]: ExceptionClass<Code>
} & {
  /** The base class, which is also used for error codes that have no specific class. */
  readonly ClientError: typeof ClientError
  /**
   * Returns the class for an error code, or ClientError if the code has no specific class.
   *
   * @example
   * const { name } = client.exceptions.fromCode('InvalidStateException')
   */
  fromCode(code: string): typeof ClientError
}

const classes: Readonly<Record<string, typeof ClientError>> = Object.fromEntries(
  exceptionCodes.map((code) => [code, { [code]: class extends ClientError {} }[code] as never]),
)

function fromCode(code: string): typeof ClientError {
  return Object.hasOwn(classes, code) ? (classes[code] ?? ClientError) : ClientError
}

/**
 * The exception classes, keyed by error code. Every client exposes the same classes as `client.exceptions`.
 *
 * @example
 * if (error instanceof exceptions.LimitExceededException) console.error(error.message)
 */
export const exceptions = Object.freeze({ ...classes, ClientError, fromCode }) as Exceptions

/** Converts an exception from the SDK to a ClientError. Other errors, such as a refused connection, are returned unchanged. */
export function clientErrorOf(error: unknown, operationName: string): unknown {
  if (!ServiceException.isInstance(error)) return error
  const { $metadata, $response, name } = error
  // The text that the SDK substitutes for a missing message.
  const message = error.message === 'UnknownError' ? '' : error.message
  const response: ErrorResponse = {
    Error: { Code: name, Message: message },
    ResponseMetadata: {
      RequestId: $metadata.requestId ?? '',
      HTTPStatusCode: $metadata.httpStatusCode ?? 0,
      HTTPHeaders: { ...$response?.headers },
      RetryAttempts: ($metadata.attempts ?? 1) - 1,
    },
  }
  return new (fromCode(name))(response, operationName, { cause: error })
}

/** Thrown if an operation has no paginator. */
export class OperationNotPageableError extends Error {
  override readonly name = 'OperationNotPageableError'

  constructor(operation: string) {
    super(`Operation cannot be paginated: ${operation}`)
  }
}

/** Thrown if the service returns the same page token twice. */
export class PaginationError extends Error {
  override readonly name = 'PaginationError'

  constructor(reason: string) {
    super(`Error during pagination: ${reason}`)
  }
}

/** Thrown if the client has no operation with the given name. */
export class UnknownClientMethodError extends Error {
  override readonly name = 'UnknownClientMethodError'

  constructor(method: string) {
    super(`Client does not have method: ${method}`)
  }
}

/** Thrown if a waiter ends before the resource reaches the expected state. */
export class WaiterError extends Error {
  override readonly name = 'WaiterError'
  /** The reason for the failure, as a sentence. */
  readonly reason: string
  /** The output of the last call, or the error response if that call failed. */
  readonly lastResponse: object

  constructor(waiter: string, reason: string, lastResponse: object) {
    super(`Waiter ${waiter} failed: ${reason}`)
    this.reason = reason
    this.lastResponse = lastResponse
  }
}

/**
 * Thrown if a response does not come from the AWS Private CA API. The `endpoint` may refer to a server other than Signet, or to
 * Signet's public listener. `cause` is the error from the AWS SDK.
 */
export class UnexpectedResponseError extends Error {
  override readonly name = 'UnexpectedResponseError'
  /** The URL that received the request. */
  readonly endpoint: string
  /** The HTTP status of the response; undefined if it is unknown. */
  readonly statusCode: number | undefined

  constructor(
    {
      endpoint,
      statusCode,
    }: { readonly endpoint: string; readonly statusCode: number | undefined },
    options?: ErrorOptions,
  ) {
    const status = statusCode === undefined ? '' : ` (HTTP status ${statusCode})`
    super(
      `the response from ${endpoint} is not JSON from the AWS Private CA API${status}; check the endpoint: Signet serves the API ` +
        'on the --listen port (8080 by default), and only CRLs and OCSP on the --public-listen port (8081)',
      options,
    )
    this.endpoint = endpoint
    this.statusCode = statusCode
  }
}
