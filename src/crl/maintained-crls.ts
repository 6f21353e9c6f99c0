/** Decides which of a CA's CRLs are published regularly, and until when. */
import type { Authority } from '../authority/authority.ts'
import { statusAt } from '../authority/status.ts'
import type { CrlRecord } from '../store/crls.ts'
import { refreshAt } from './contents.ts'

/**
 * Returns whether a CRL is published. The CRL's CA must be ACTIVE or DISABLED and have CRLs enabled. Three kinds of CRLs receive
 * no new certificates: full partitions, partitions of a CA that was changed to a complete CRL, and CRLs for an earlier identity.
 * Publication of such a CRL ends half a CRL validity period after the CRL's last certificate expired (`lastNotAfter`). The CRL
 * therefore lists each revoked certificate once more after the certificate's expiry.
 */
export function isMaintained(
  authority: Authority,
  { id, kind, issuerIdentity }: Pick<CrlRecord, 'id' | 'kind' | 'issuerIdentity'>,
  { now, lastNotAfter }: { readonly now: Date; readonly lastNotAfter: Date },
): boolean {
  const { CrlConfiguration } = authority.revocation
  const status = statusAt(authority, now)
  if (!CrlConfiguration.Enabled || (status !== 'ACTIVE' && status !== 'DISABLED')) return false
  const isCurrent = issuerIdentity === authority.certificate?.issuerIdentity
  if (isCurrent && (kind === 'COMPLETE' || authority.crl?.id === id)) return true
  const expirationDays = CrlConfiguration.ExpirationInDays
  return now <= refreshAt({ generatedAt: lastNotAfter, expirationDays })
}
