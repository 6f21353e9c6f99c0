/** Errors of the AWS Query protocol. The error codes differ from those in AWS JSON 1.1 (STS API, Common Errors). */
import { errorStatus, ServiceError, type ErrorCode } from '../errors.ts'
import { encodeXmlError } from './shapes/xml.ts'

/** HTTP statuses for the error codes that do not exist in AWS JSON 1.1. */
const statusOfOwn = {
  ExpiredTokenException: 400,
  IDPCommunicationError: 400,
  IDPRejectedClaim: 403,
  InvalidAction: 400,
  InvalidIdentityToken: 400,
  InvalidParameterValue: 400,
  MalformedPolicyDocument: 400,
  MalformedQueryString: 404,
  MissingAction: 400,
  PackedPolicyTooLarge: 400,
  ValidationError: 400,
} as const

/** An error that is returned to the caller. The error's code and message are sent unchanged. */
export class QueryError extends Error {
  override name = 'QueryError'
  readonly code: keyof typeof statusOfOwn

  constructor(code: keyof typeof statusOfOwn, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Code and HTTP status in the Query protocol for each ServiceError that the request pipeline throws. */
const translations: Partial<Record<ErrorCode, readonly [code: string, status: number]>> = {
  AccessDeniedException: ['AccessDenied', 403],
  ExpiredTokenException: ['ExpiredToken', 403],
  IncompleteSignatureException: ['IncompleteSignature', 400],
  InvalidSignatureException: ['SignatureDoesNotMatch', 403],
  MissingAuthenticationTokenException: ['MissingAuthenticationToken', 403],
  SerializationException: ['MalformedInput', 400],
  ThrottlingException: ['Throttling', 400],
  UnrecognizedClientException: ['InvalidClientTokenId', 403],
  ValidationException: ['ValidationError', 400],
}

/** The error response that a caller receives. */
export interface QueryErrorAnswer {
  readonly status: number
  readonly code: string
  /** Body of the response, as XML. */
  readonly body: string
}

/** Converts a thrown value to an error response. An unknown error is converted to an InternalFailure without details. */
export function renderQueryError(
  error: unknown,
  { namespace, requestId }: { readonly namespace: string; readonly requestId: string },
): QueryErrorAnswer {
  const [code, status, message] = partsOf(error)
  const type = status < 500 ? 'Sender' : 'Receiver'
  return { status, code, body: encodeXmlError({ type, code, message, namespace, requestId }) }
}

function partsOf(error: unknown): readonly [code: string, status: number, message: string] {
  if (error instanceof QueryError) return [error.code, statusOfOwn[error.code], error.message]
  if (!(error instanceof ServiceError)) return ['InternalFailure', 500, '']
  const [code, status] = translations[error.code] ?? [error.code, errorStatus[error.code]]
  return [code, status, error.message]
}
