/** Reasons for failed authentication, used in metrics. */
import { SignatureError, signatureProblems, type SignatureProblem } from '../errors.ts'

/**
 * Reasons for failed authentication, keyed by error code. Unknown and inactive access keys have the same reason, so that the
 * metrics do not reveal which access keys exist.
 */
const reasons = {
  MissingAuthenticationTokenException: 'no-signature',
  IncompleteSignatureException: 'malformed-signature',
  InvalidSignatureException: 'malformed-signature',
  UnrecognizedClientException: 'unknown-access-key',
  ExpiredTokenException: 'expired-token',
  InvalidIdentityToken: 'invalid-identity-token',
  ThrottlingException: 'too-many-failures',
} as const

export type FailureReason = (typeof reasons)[keyof typeof reasons] | SignatureProblem

export const failureReasons: ReadonlySet<FailureReason> = new Set([
  ...Object.values(reasons),
  ...signatureProblems,
])

/** Returns why authentication failed with `error`, or undefined if the caller did not cause the error. */
export function failureReason(error: unknown): FailureReason | undefined {
  if (error instanceof SignatureError) return error.problem
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && Object.hasOwn(reasons, code)
    ? reasons[code as keyof typeof reasons]
    : undefined
}
