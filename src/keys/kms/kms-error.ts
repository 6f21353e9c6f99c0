/** Classifies errors from the AWS SDK for KMS. */

/**
 * Kind of the error. `transient`: KMS throttled the request, is down or did not respond. `not-found`: the key or alias does not
 * exist. `exists`: an alias with the same name exists. `state`: the key is disabled or pending deletion. `denied`: the
 * credentials or permissions are insufficient. `other`: any other error.
 */
export type KmsProblem = 'transient' | 'not-found' | 'exists' | 'state' | 'denied' | 'other'

/** A failed request to KMS. The message of the error is for the operator and contains no secret. */
export class KmsError extends Error {
  override name = 'KmsError'
  readonly problem: KmsProblem

  constructor(problem: KmsProblem, message: string) {
    super(message)
    this.problem = problem
  }
}

const messageLengthMax = 500

/** Names of KMS errors (AWS KMS API Reference, Errors of each action and Common errors). */
const problems: Readonly<Record<string, KmsProblem>> = {
  ThrottlingException: 'transient',
  RequestLimitExceeded: 'transient',
  TooManyRequestsException: 'transient',
  KMSInternalException: 'transient',
  DependencyTimeoutException: 'transient',
  KeyUnavailableException: 'transient',
  InternalFailure: 'transient',
  ServiceUnavailable: 'transient',
  RequestTimeout: 'transient',
  TimeoutError: 'transient',
  AbortError: 'transient',
  NotFoundException: 'not-found',
  AlreadyExistsException: 'exists',
  KMSInvalidStateException: 'state',
  DisabledException: 'state',
  AccessDeniedException: 'denied',
  CredentialsProviderError: 'denied',
  ExpiredTokenException: 'denied',
  IncompleteSignature: 'denied',
  InvalidClientTokenId: 'denied',
  InvalidSignatureException: 'denied',
  MissingAuthenticationToken: 'denied',
  NotAuthorized: 'denied',
  OptInRequired: 'denied',
  RequestExpired: 'denied',
  SignatureDoesNotMatch: 'denied',
  UnrecognizedClientException: 'denied',
}

/** Names of errors whose messages may quote the signed request, which can contain a session token. */
const silent: ReadonlySet<string> = new Set([
  'IncompleteSignature',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
])

/** Error codes of connections that failed before a response arrived. */
const connectionCodes: ReadonlySet<unknown> = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])

interface SdkError {
  readonly name?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly $metadata?: { readonly httpStatusCode?: unknown }
}

/**
 * Converts an error from the AWS SDK. The result does not refer to the original error, which contains the request and its
 * headers.
 */
export function toKmsError(error: unknown): KmsError {
  if (error instanceof KmsError) return error
  return new KmsError(kmsProblem(error as SdkError), describe(error as SdkError))
}

function kmsProblem({ name, code, $metadata }: SdkError): KmsProblem {
  const known =
    typeof name === 'string' && Object.hasOwn(problems, name) ? problems[name] : undefined
  if (known !== undefined) return known
  const status = $metadata?.httpStatusCode
  if (typeof status === 'number') return status >= 500 || status === 429 ? 'transient' : 'other'
  return connectionCodes.has(code) ? 'transient' : 'other'
}

function describe({ name, code, message }: SdkError): string {
  const isSilent = typeof name === 'string' && silent.has(name)
  const text = isSilent ? 'KMS rejected the signature of the request' : message
  const words = new Set([name === 'Error' ? undefined : name, code, text].filter(isText))
  return [...words]
    .join(': ')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .replaceAll(/\/\/[^/@\s]*@/g, '//')
    .slice(0, messageLengthMax)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
