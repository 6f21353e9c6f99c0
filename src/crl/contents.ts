/** The fields of a CRL, and when the next one is due (RFC 5280 §5; AWS Private CA User Guide, CRL structure). */
import type { SigningAlgorithm } from '../authority/algorithms.ts'
import { dayMilliseconds, hourMilliseconds } from '../text/duration.ts'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import { encodeCrlNumber, type TbsCertListFields } from '../x509/certificate-list.ts'
import { encodeIssuingDistributionPoint } from '../x509/extensions/distribution-points.ts'
import type { Extension } from '../x509/extensions/extensions.ts'
import { encodeAuthorityKeyIdentifier } from '../x509/extensions/key-identifiers.ts'
import { oids } from '../x509/der/oid.ts'

/** What a CRL is made from, its entries apart. */
export interface CrlParameters {
  readonly signingAlgorithm: SigningAlgorithm
  /** Of the CA: DER of its Name, and its key identifier. */
  readonly issuer: { readonly subjectDer: Uint8Array; readonly keyIdentifier: Uint8Array }
  /** cRLNumber. */
  readonly crlNumber: number
  readonly generatedAt: Date
  /** ExpirationInDays. */
  readonly expirationDays: number
  /** URI of the CRL if it is a partition, as the certificates bound to it say it; undefined for a complete CRL. */
  readonly partitionUri: string | undefined
}

/**
 * The fields of a TBSCertList. thisUpdate is an hour before the CRL is made, as AWS has it, so that clocks that are late
 * accept it; the issuingDistributionPoint of a partition is critical and of one URI.
 */
export function crlFields(order: CrlParameters): TbsCertListFields {
  const { generatedAt } = order
  return {
    signatureAlgorithm: signatureAlgorithmIdentifier(order.signingAlgorithm),
    issuer: order.issuer.subjectDer,
    thisUpdate: new Date(generatedAt.getTime() - hourMilliseconds),
    nextUpdate: nextUpdateOf(order),
    crlExtensions: crlExtensions(order),
  }
}

function crlExtensions({ issuer, crlNumber, partitionUri }: CrlParameters): Extension[] {
  return [
    {
      oid: oids.authorityKeyIdentifier,
      critical: false,
      value: encodeAuthorityKeyIdentifier(issuer.keyIdentifier),
    },
    { oid: oids.crlNumber, critical: false, value: encodeCrlNumber(BigInt(crlNumber)) },
    ...(partitionUri === undefined
      ? []
      : [
          {
            oid: oids.issuingDistributionPoint,
            critical: true,
            value: encodeIssuingDistributionPoint(partitionUri),
          },
        ]),
  ]
}

interface CrlLife {
  readonly generatedAt: Date
  readonly expirationDays: number
}

/** When the CRL is no longer to be relied on. */
export function nextUpdateOf({ generatedAt, expirationDays }: CrlLife): Date {
  return new Date(generatedAt.getTime() + expirationDays * dayMilliseconds)
}

/** When its successor is due if nothing is revoked: at half its life. */
export function refreshAt({ generatedAt, expirationDays }: CrlLife): Date {
  return new Date(generatedAt.getTime() + (expirationDays * dayMilliseconds) / 2)
}

/**
 * cRLNumber of a CRL made at `now`: milliseconds since 1970, as AWS has it, or one more than the highest number that is
 * known if the clock is behind that.
 */
export function nextCrlNumber(now: Date, highest: number): number {
  return Math.max(now.getTime(), highest + 1)
}

/**
 * Entries of certificates that expired before this are omitted. A revoked certificate stays listed until a regularly scheduled
 * CRL after its expiry has listed it (RFC 5280 §3.3); CRLs that a revocation triggered do not count.
 */
export function keptSince(life: CrlLife, previousGeneratedAt: Date | undefined): Date {
  const halfLife = refreshAt(life).getTime() - life.generatedAt.getTime()
  const regular = life.generatedAt.getTime() - halfLife
  return new Date(Math.min(regular, previousGeneratedAt?.getTime() ?? regular))
}
