/**
 * Decides which CRLs list a revocation (AWS Private CA User Guide, CRL types). A certificate is bound to the current CRL of
 * its CA at the time of issue. If the certificate is revoked, that CRL lists it, and so does every CRL that lists all
 * revocations of the CA.
 */
import type { Authority, CrlKind } from '../authority/authority.ts'

/**
 * Returns whether CRLs of a kind list all revocations of their CA. All other CRLs (partitions, and the complete CRL of a CA that
 * was changed to partitions) list only the certificates that are bound to them.
 */
export function listsAllRevocations(
  { revocation: { CrlConfiguration } }: Pick<Authority, 'revocation'>,
  kind: CrlKind,
): boolean {
  const isPartitioned = CrlConfiguration.Enabled && CrlConfiguration.CrlType === 'PARTITIONED'
  return kind === 'COMPLETE' && !isPartitioned
}

/**
 * Returns the id of the CRL that a certificate is bound to. A certificate issued while CRLs were disabled is bound to its CA's
 * current CRL. Null if the CA never had a CRL.
 */
export function boundCrl(
  { crl }: Pick<Authority, 'crl'>,
  issuedUnder: number | null,
): number | null {
  return issuedUnder ?? crl?.id ?? null
}

/** Returns the ids of the CA's CRLs that must list a certificate's revocation. */
export function listingCrls(
  authority: Pick<Authority, 'revocation' | 'crl'>,
  crls: readonly { readonly id: number; readonly kind: CrlKind }[],
  issuedUnder: number | null,
): number[] {
  const bound = boundCrl(authority, issuedUnder)
  return crls
    .filter(({ id, kind }) => id === bound || listsAllRevocations(authority, kind))
    .map(({ id }) => id)
}
