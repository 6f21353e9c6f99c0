/** Revocation reasons: AWS's RevocationReason, and CRLReason (RFC 5280 §5.3.1). */

/** CRLReason codes, keyed by name. The API has neither certificateHold nor removeFromCRL. */
const codes = {
  UNSPECIFIED: 0,
  KEY_COMPROMISE: 1,
  CERTIFICATE_AUTHORITY_COMPROMISE: 2,
  AFFILIATION_CHANGED: 3,
  SUPERSEDED: 4,
  CESSATION_OF_OPERATION: 5,
  PRIVILEGE_WITHDRAWN: 9,
  A_A_COMPROMISE: 10,
} as const

export type RevocationReason = keyof typeof codes

export const revocationReasons = Object.keys(codes) as [RevocationReason, ...RevocationReason[]]

export function reasonCodeOf(reason: RevocationReason): number {
  return codes[reason]
}

/** Returns the revocation reason for a CRLReason code. Throws RangeError for a code that the API does not support. */
export function reasonOfCode(code: number): RevocationReason {
  const found = revocationReasons.find((reason) => codes[reason] === code)
  if (found === undefined) throw new RangeError(`${code} is not a revocation reason`)
  return found
}

/** Returns whether the API has a revocation reason for a CRLReason code. */
export function isReasonCode(code: number): boolean {
  return revocationReasons.some((reason) => codes[reason] === code)
}
