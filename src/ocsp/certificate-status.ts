/** The OCSP status of a serial number (RFC 6960 §2.2). */
import type { Authority } from '../authority/authority.ts'
import { statusAt } from '../authority/status.ts'
import type { IssuedStatus } from '../store/revocations.ts'
import type { Revocation } from '../x509/ocsp/encode-response.ts'

/** The responder returns `unauthorized` for a request about an unknown certificate (RFC 5019 §2.2.3). */
export type CertificateStatus =
  | { readonly status: 'good' | 'unknown'; readonly revocation: undefined }
  | { readonly status: 'revoked'; readonly revocation: Revocation }

/**
 * Returns the status of a certificate issued by `authority`. `issued` is undefined if the CA has not issued a certificate with
 * this serial number. The status is `unknown` if OCSP is disabled for the CA, or if the CA is neither ACTIVE nor DISABLED.
 */
export function certificateStatus(
  authority: Authority,
  issued: IssuedStatus | undefined,
  now: Date,
): CertificateStatus {
  const status = statusAt(authority, now)
  const answers =
    (status === 'ACTIVE' || status === 'DISABLED') && authority.revocation.OcspConfiguration.Enabled
  if (!answers || issued === undefined) return { status: 'unknown', revocation: undefined }
  if (issued.revocation === undefined) return { status: 'good', revocation: undefined }
  const { revokedAt, reasonCode } = issued.revocation
  return { status: 'revoked', revocation: { revocationTime: revokedAt, reasonCode } }
}
