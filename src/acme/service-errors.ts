/** Problem documents for errors of API operations. */
import { sentenceOf, ServiceError, type ErrorCode } from '../errors.ts'
import { failedUnexpectedly } from '../http/answer.ts'
import { AcmeProblem, type ProblemType } from './problem.ts'

/**
 * Seconds until a client should retry: a short time after a temporary failure, or a long time if a CA's state or quota must
 * change first.
 */
const shortSeconds = '5'
const longSeconds = '600'

interface Mapping {
  readonly type: ProblemType
  readonly status?: number
  readonly retryAfter?: string
  /** Text that precedes the error's message in the problem's detail. */
  readonly prefix?: string
}

/** The CA is disabled, expired or deleted. The CA's administrator can change the CA's state, but the client cannot. */
const unusableAuthority: Mapping = {
  type: 'serverInternal',
  status: 503,
  retryAfter: longSeconds,
  prefix: 'The CA of this endpoint cannot be used now. ',
}

/** The CA, or a row that the request needs, was changed by other requests at the same time. */
const changing: Mapping = { type: 'serverInternal', status: 503, retryAfter: shortSeconds }

const mappings: Partial<Record<ErrorCode, Mapping>> = {
  AccessDeniedException: { type: 'unauthorized' },
  ConcurrentModificationException: changing,
  InvalidArgsException: { type: 'badCSR' },
  InvalidRequestException: { type: 'malformed' },
  InvalidStateException: unusableAuthority,
  LimitExceededException: { type: 'rateLimited', retryAfter: longSeconds },
  MalformedCSRException: { type: 'badCSR' },
  RequestAlreadyProcessedException: { type: 'alreadyRevoked' },
  ResourceNotFoundException: unusableAuthority,
  ServiceUnavailable: { type: 'serverInternal', status: 503, retryAfter: shortSeconds },
  ThrottlingException: { type: 'rateLimited', retryAfter: shortSeconds },
  ValidationException: { type: 'badCSR' },
}

/**
 * Condition keys on names. An error message that contains one of these condition keys means that a policy denied a name in the
 * certificate.
 */
const nameKeys = /signet:(?:DnsName|IpAddress|CommonName|NameType)/i

/**
 * Returns the problem for an error. The problem's detail is the error's message, which is written for callers. Errors without a
 * mapping become `serverInternal` without details.
 */
function problemOfServiceError(error: ServiceError): AcmeProblem {
  const { code, message } = error
  const mapping = mappings[code]
  if (mapping === undefined) return internalProblem()
  const { status, retryAfter, prefix = '' } = mapping
  const isDeniedName = code === 'AccessDeniedException' && nameKeys.test(message)
  return new AcmeProblem(
    isDeniedName ? 'rejectedIdentifier' : mapping.type,
    `${prefix}${sentenceOf(error)}`,
    {
      ...(status !== undefined && { status }),
      ...(retryAfter !== undefined && { headers: { 'retry-after': retryAfter } }),
    },
  )
}

function internalProblem(): AcmeProblem {
  return new AcmeProblem('serverInternal', failedUnexpectedly)
}

/** Returns the problem for any error. An unexpected error becomes `serverInternal` without details. */
export function problemOfError(error: unknown): AcmeProblem {
  if (error instanceof AcmeProblem) return error
  return error instanceof ServiceError ? problemOfServiceError(error) : internalProblem()
}
