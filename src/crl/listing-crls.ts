/**
 * Decides which CRLs list a revocation (AWS Private CA User Guide, CRL types). When a certificate is issued, it is assigned
 * to its CA's current CRL. After a revocation, the certificate is listed in the CRL to which it is assigned, and in every
 * CRL that lists all revocations of the CA.
 */
import type { Authority, CrlKind } from '../authority/authority.ts'

/**
 * Returns whether CRLs of the given type list all revocations of their CA. All other CRLs (partitions, and the complete CRL of a
 * CA that was changed to partitions) list only the certificates assigned to them.
 */
export function listsAllRevocations(
  { revocation: { CrlConfiguration } }: Pick<Authority, 'revocation'>,
  kind: CrlKind,
): boolean {
  const isPartitioned = CrlConfiguration.Enabled && CrlConfiguration.CrlType === 'PARTITIONED'
  return kind === 'COMPLETE' && !isPartitioned
}

/**
 * Returns the ID of the CRL to which a certificate is assigned. A certificate issued while CRLs were disabled is assigned to
 * its CA's current CRL. The result is null if the CA never had a CRL.
 */
export function boundCrl(
  { crl }: Pick<Authority, 'crl'>,
  issuedUnder: number | null,
): number | null {
  return issuedUnder ?? crl?.id ?? null
}

/** Returns the IDs of the CA's CRLs that must list a certificate's revocation. */
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
