/** Decides what to do with certificates that wait for their CA's key (docs/decisions/0042). */
import { permission } from '../authority/life-cycle.ts'
import type { AuthorityStatus } from '../authority/status.ts'
import { hourMilliseconds } from '../text/duration.ts'
import { isExpiredAt } from '../x509/der/time.ts'

/** Maximum time between the request for a certificate and its signature. */
const waitingHoursMax = 24

/** Maximum number of waiting certificates per CA. */
export const waitingCertificatesMax = 1000

export interface WaitingCertificate {
  /** Row number of the CA certificate that signs; undefined for a self-signed certificate. */
  readonly signerNumber: number | undefined
  readonly notAfter: Date
  readonly requestedAt: Date
}

/**
 * `sign`: the certificate can be signed now. `wait`: the certificate may be signed later. `failed`: the
 * certificate can never be signed.
 */
export type WaitingDecision =
  | { readonly state: 'sign' | 'wait' }
  | { readonly state: 'failed'; readonly reason: string }

/**
 * Decides what to do with a waiting certificate. `status` is the status of the certificate's CA; undefined if the CA has been
 * permanently deleted.
 */
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
  // A disabled CA must not sign until it is enabled again.
  if (status === 'DISABLED') return { state: 'wait' }
  return failed(`The certificate authority is in the ${status} state.`)
}

function failed(reason: string): WaitingDecision {
  return { state: 'failed', reason }
}
