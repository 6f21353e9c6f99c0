/** Fields of a CRL, and the time at which the next CRL is due (RFC 5280 §5; AWS Private CA User Guide, CRL structure). */
import type { SigningAlgorithm } from '../authority/algorithms.ts'
import { dayMilliseconds, hourMilliseconds } from '../text/duration.ts'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import { encodeCrlNumber, type TbsCertListFields } from '../x509/certificate-list.ts'
import { encodeIssuingDistributionPoint } from '../x509/extensions/distribution-points.ts'
import type { Extension } from '../x509/extensions/extensions.ts'
import { encodeAuthorityKeyIdentifier } from '../x509/extensions/key-identifiers.ts'
import { oids } from '../x509/der/oid.ts'

/** Input for a CRL, excluding its entries. */
export interface CrlParameters {
  readonly signingAlgorithm: SigningAlgorithm
  /** Name (DER) and key identifier of the CA. */
  readonly issuer: { readonly subjectDer: Uint8Array; readonly keyIdentifier: Uint8Array }
  /** The cRLNumber extension. */
  readonly crlNumber: number
  readonly generatedAt: Date
  /** The ExpirationInDays setting. */
  readonly expirationDays: number
  /** URI of a partition, as it appears in the partition's certificates; undefined for a complete CRL. */
  readonly partitionUri: string | undefined
}

/**
 * Builds the fields of a TBSCertList. thisUpdate is one hour in the past, as in AWS, so that relying parties with slow clocks
 * accept the CRL. A partition has a critical issuingDistributionPoint extension with one URI.
 */
export function crlFields(order: CrlParameters): TbsCertListFields {
  return {
    signatureAlgorithm: signatureAlgorithmIdentifier(order.signingAlgorithm),
    issuer: order.issuer.subjectDer,
    thisUpdate: thisUpdateOf(order),
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

/** Returns a CRL's thisUpdate. */
export function thisUpdateOf({ generatedAt }: Pick<CrlLife, 'generatedAt'>): Date {
  return new Date(generatedAt.getTime() - hourMilliseconds)
}

/** Returns a CRL's nextUpdate. */
export function nextUpdateOf({ generatedAt, expirationDays }: CrlLife): Date {
  return new Date(generatedAt.getTime() + expirationDays * dayMilliseconds)
}

/** Returns when the next CRL is due if no certificate is revoked: after half of the validity period. */
export function refreshAt({ generatedAt, expirationDays }: CrlLife): Date {
  return new Date(generatedAt.getTime() + (expirationDays * dayMilliseconds) / 2)
}

/**
 * Returns the cRLNumber for a CRL generated at the time `now`: milliseconds since 1970, as in AWS, but at least one more
 * than the highest known number.
 */
export function nextCrlNumber(now: Date, highest: number): number {
  return Math.max(now.getTime(), highest + 1)
}

/**
 * Returns the time before which expired certificates are omitted from the CRL. A revoked certificate must appear on one regularly
 * scheduled CRL after the certificate's expiry (RFC 5280 §3.3). A CRL that is published because of a revocation is not regularly
 * scheduled.
 */
export function keptSince(life: CrlLife, previousGeneratedAt: Date | undefined): Date {
  const halfLife = refreshAt(life).getTime() - life.generatedAt.getTime()
  const regular = life.generatedAt.getTime() - halfLife
  return new Date(Math.min(regular, previousGeneratedAt?.getTime() ?? regular))
}
