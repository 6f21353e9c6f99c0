/** Why a certificate is revoked: AWS's RevocationReason, and CRLReason (RFC 5280 §5.3.1). */

/** Code by name. certificateHold and removeFromCRL are not in the API. */
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

/** Reason of a CRLReason. Throws RangeError for a code that no reason has. */
export function reasonOfCode(code: number): RevocationReason {
  const found = revocationReasons.find((reason) => codes[reason] === code)
  if (found === undefined) throw new RangeError(`there is no revocation reason ${code}`)
  return found
}

/** Whether a reason has that CRLReason. */
export function isReasonCode(code: number): boolean {
  return revocationReasons.some((reason) => codes[reason] === code)
}
