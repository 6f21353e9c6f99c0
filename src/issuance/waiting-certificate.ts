/** Decisions about certificates that wait for the key of their CA (docs/decisions/0042). */
import { permission } from '../authority/life-cycle.ts'
import type { AuthorityStatus } from '../authority/status.ts'
import { hourMilliseconds } from '../text/duration.ts'
import { isExpiredAt } from '../x509/der/time.ts'

/** Time after a request within which its certificate must be signed. */
const waitingHoursMax = 24

/** Maximum number of waiting certificates of one CA. */
export const waitingCertificatesMax = 1000

export interface WaitingCertificate {
  /** Number of the CA certificate that signs; undefined for a self-signed certificate. */
  readonly signerNumber: number | undefined
  readonly notAfter: Date
  readonly requestedAt: Date
}

/** `sign`: the certificate can be signed now. `wait`: it may be signed later. `failed`: it will never be signed. */
export type WaitingDecision =
  | { readonly state: 'sign' | 'wait' }
  | { readonly state: 'failed'; readonly reason: string }

/** Decides about a waiting certificate. `status` is that of its CA; undefined for a CA that is permanently deleted. */
export function decideWaiting(
  { signerNumber, notAfter, requestedAt }: WaitingCertificate,
  status: AuthorityStatus | undefined,
  now: Date,
): WaitingDecision {
  if (now.getTime() - requestedAt.getTime() >= waitingHoursMax * hourMilliseconds)
    return failed(`The certificate could not be signed within ${waitingHoursMax} hours.`)
  if (isExpiredAt(notAfter, now))
    return failed('The validity of the certificate ended before it could be signed.')
  if (status === undefined || status === 'DELETED')
    return failed('The certificate authority was deleted before it could sign the certificate.')
  const cell = permission('issue-certificate', status)
  if (cell === 'ok' || (cell === 'root' && signerNumber === undefined)) return { state: 'sign' }
  // A disabled CA can be enabled again, and must not sign before.
  if (status === 'DISABLED') return { state: 'wait' }
  return failed(`The certificate authority is in the ${status} state.`)
}

function failed(reason: string): WaitingDecision {
  return { state: 'failed', reason }
}
