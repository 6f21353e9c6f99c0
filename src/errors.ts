/**
 * The service's error codes, each with its HTTP status. The error names are AWS's: the exceptions in the ACM PCA model, and the
 * common errors of AWS JSON 1.1 services (AWS Private CA API, Common Errors).
 */
export const errorStatus = {
  CertificateMismatchException: 400,
  ConcurrentModificationException: 400,
  InvalidArgsException: 400,
  InvalidArnException: 400,
  InvalidNextTokenException: 400,
  InvalidPolicyException: 400,
  InvalidRequestException: 400,
  InvalidStateException: 400,
  InvalidTagException: 400,
  LimitExceededException: 400,
  LockoutPreventedException: 400,
  MalformedCSRException: 400,
  MalformedCertificateException: 400,
  PermissionAlreadyExistsException: 400,
  RequestAlreadyProcessedException: 400,
  RequestFailedException: 400,
  RequestInProgressException: 400,
  ResourceNotFoundException: 400,
  TooManyTagsException: 400,
  AccessDeniedException: 400,
  ExpiredTokenException: 400,
  IncompleteSignatureException: 400,
  InvalidSignatureException: 400,
  MissingAuthenticationTokenException: 400,
  SerializationException: 400,
  ThrottlingException: 400,
  UnknownOperationException: 400,
  UnrecognizedClientException: 400,
  ValidationException: 400,
  RequestEntityTooLargeException: 413,
  RequestTimeoutException: 408,
  InternalFailure: 500,
  ServiceUnavailable: 503,
} as const

export type ErrorCode = keyof typeof errorStatus

/**
 * An error to be returned to the caller. The error's code and message are sent unchanged, so the message must not contain a
 * secret, SQL or a stack trace. Every other error is returned as InternalFailure.
 */
export class ServiceError extends Error {
  override name = 'ServiceError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Returns an error's message with a final period, which AWS's own messages may lack. */
export function sentenceOf({ message }: ServiceError): string {
  return message.endsWith('.') ? message : `${message}.`
}

/** Causes of an InvalidSignatureException that metrics distinguish from a malformed signature. */
export const signatureProblems = ['expired-signature', 'wrong-scope', 'wrong-signature'] as const

export type SignatureProblem = (typeof signatureProblems)[number]

/** An InvalidSignatureException with its cause. */
export class SignatureError extends ServiceError {
  readonly problem: SignatureProblem

  constructor(problem: SignatureProblem, message: string) {
    super('InvalidSignatureException', message)
    this.problem = problem
  }
}

/**
 * An error in the configuration of the server or a command. The message is intended for the operator, and lists each problem on
 * its own line. After a configuration error, the process exits with code 2.
 */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError'
}

type ErrorFactory = (message: string, cause?: unknown) => ServiceError

/** Returns a function that creates errors with the given code. The error's cause appears only in the log. */
export function errorsOf(code: ErrorCode): ErrorFactory {
  return (message, cause) =>
    new ServiceError(code, message, cause === undefined ? undefined : { cause })
}

export const incompleteSignature: ErrorFactory = errorsOf('IncompleteSignatureException')
export const invalidArgs: ErrorFactory = errorsOf('InvalidArgsException')
export const invalidArn: ErrorFactory = errorsOf('InvalidArnException')
export const invalidSignature: ErrorFactory = errorsOf('InvalidSignatureException')
export const limitExceeded: ErrorFactory = errorsOf('LimitExceededException')
export const malformedCsr: ErrorFactory = errorsOf('MalformedCSRException')
export const resourceNotFound: ErrorFactory = errorsOf('ResourceNotFoundException')
export const validationFailed: ErrorFactory = errorsOf('ValidationException')
