/** What the client throws: a class for each exception of the API, and those for mistakes in its own use. */
import { ServiceException } from '@smithy/core/client'

/** Exceptions of the API's model (AWS Private CA API Reference). */
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

export type ExceptionCode = (typeof exceptionCodes)[number]

/** What the service answered, in the form that boto3 gives it. */
export interface ErrorResponse {
  readonly Error: { readonly Code: string; readonly Message: string }
  readonly ResponseMetadata: {
    readonly RequestId: string
    readonly HTTPStatusCode: number
    readonly HTTPHeaders: Readonly<Record<string, string>>
    readonly RetryAttempts: number
  }
}

/** The service refused a call. `cause` is the SDK's exception. */
export class ClientError extends Error {
  readonly response: ErrorResponse
  /** Name of the operation in the API: `IssueCertificate`. */
  readonly operationName: string

  constructor(response: ErrorResponse, operationName: string, options?: ErrorOptions) {
    const { Code, Message } = response.Error
    super(messageOf(response, operationName), options)
    this.name = Code === '' ? 'ClientError' : Code
    this.response = { ...response, Error: { Code, Message } }
    this.operationName = operationName
  }

  /** As `response.Error.Code`. */
  get code(): string {
    return this.response.Error.Code
  }

  /** Under which the service's log has the call. */
  get requestId(): string {
    return this.response.ResponseMetadata.RequestId
  }
}

/** botocore's words (ClientError.MSG_TEMPLATE). */
function messageOf({ Error: error }: ErrorResponse, operation: string): string {
  return `An error occurred (${error.Code}) when calling the ${operation} operation: ${error.Message}`
}

export interface ExceptionClass<Code extends string> {
  new (
    response: ErrorResponse,
    operationName: string,
    options?: ErrorOptions,
  ): ClientError & { readonly code: Code }
}

export type Exceptions = {
  readonly [Code in ExceptionCode]: ExceptionClass<Code>
} & {
  /** What all of them are, and what every other code is an instance of. */
  readonly ClientError: typeof ClientError
  /** The class for a code; ClientError if it has none of its own. */
  fromCode(code: string): typeof ClientError
}

const classes: Readonly<Record<string, typeof ClientError>> = Object.fromEntries(
  exceptionCodes.map((code) => [code, { [code]: class extends ClientError {} }[code] as never]),
)

function fromCode(code: string): typeof ClientError {
  return Object.hasOwn(classes, code) ? (classes[code] ?? ClientError) : ClientError
}

/** The classes by name; the same for every client. */
export const exceptions = Object.freeze({ ...classes, ClientError, fromCode }) as Exceptions

/** The ClientError for what the SDK threw; anything else, such as no connection, is left as it is. */
export function clientErrorOf(error: unknown, operationName: string): unknown {
  if (!ServiceException.isInstance(error)) return error
  const { $metadata, $response, name } = error
  // The SDK's word for a message that is not there.
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

/** The operation has no pages. */
export class OperationNotPageableError extends Error {
  override readonly name = 'OperationNotPageableError'

  constructor(operation: string) {
    super(`Operation cannot be paginated: ${operation}`)
  }
}

/** The service went round in circles while its pages were read. */
export class PaginationError extends Error {
  override readonly name = 'PaginationError'

  constructor(reason: string) {
    super(`Error during pagination: ${reason}`)
  }
}

/** The client has no method of this name. */
export class UnknownClientMethodError extends Error {
  override readonly name = 'UnknownClientMethodError'

  constructor(method: string) {
    super(`Client does not have method: ${method}`)
  }
}

/** A waiter ended without what it waited for. */
export class WaiterError extends Error {
  override readonly name = 'WaiterError'
  /** Why, in words. */
  readonly reason: string
  /** Output of the last call, or the response of its ClientError. */
  readonly lastResponse: object

  constructor(waiter: string, reason: string, lastResponse: object) {
    super(`Waiter ${waiter} failed: ${reason}`)
    this.reason = reason
    this.lastResponse = lastResponse
  }
}
