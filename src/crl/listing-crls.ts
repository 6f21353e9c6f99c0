/**
 * Which CRLs list a revocation (AWS Private CA User Guide, CRL types). A certificate is bound to the CRL that was its CA's current
 * one when it was issued. That CRL lists its revocation, and so does every CRL that lists all of the CA's revocations.
 */
import type { Authority, CrlKind } from '../authority/authority.ts'

/**
 * Whether CRLs of that kind list every revocation of their CA. The others list the certificates bound to them: partitions,
 * and the complete CRL of a CA that was changed to partitions.
 */
export function listsAllRevocations(
  { revocation: { CrlConfiguration } }: Pick<Authority, 'revocation'>,
  kind: CrlKind,
): boolean {
  const isPartitioned = CrlConfiguration.Enabled && CrlConfiguration.CrlType === 'PARTITIONED'
  return kind === 'COMPLETE' && !isPartitioned
}

/**
 * Id of the CRL that a certificate is bound to. One that was issued while CRLs were disabled belongs to the current CRL of its
 * CA; null if the CA never had a CRL.
 */
export function boundCrl(
  { crl }: Pick<Authority, 'crl'>,
  issuedUnder: number | null,
): number | null {
  return issuedUnder ?? crl?.id ?? null
}

/** Ids of the CRLs that have to list the revocation of a certificate, out of the CRLs of its CA. */
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
