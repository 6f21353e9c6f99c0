/**
 * What a certificate will say. This folder decides it and leaves signing, storing and the clock to others: nothing
 * may be signed that was not prepared, and linted, here.
 */
import type { SigningAlgorithm } from '../authority/algorithms.ts'
import { ServiceError } from '../errors.ts'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import { encodeTbsCertificate } from '../x509/certificate.ts'
import type { Extension } from '../x509/extensions.ts'
import {
  encodeAuthorityKeyIdentifier,
  encodeSubjectKeyIdentifier,
} from '../x509/key-identifiers.ts'
import { isEmptyName } from '../x509/name.ts'
import { oids } from '../x509/oid.ts'
import { keyIdentifier } from '../x509/subject-public-key-info.ts'
import type { AcceptedCsr } from './accept-csr.ts'
import { lintTbsCertificate } from './lint.ts'
import type { Template } from './templates.ts'
import { requireShortLived, requireWithinIssuer, type Period } from './validity.ts'

/** What a certificate is made from. */
export interface CertificateOrder {
  readonly template: Template
  readonly csr: AcceptedCsr
  readonly period: Period
  readonly issuedAt: Date
  /** Octets of a positive integer, big-endian. */
  readonly serialNumber: Uint8Array
  readonly signingAlgorithm: SigningAlgorithm
}

/** The CA certificate under whose name and key a certificate is issued. */
export interface Issuer {
  /** DER of the Name, copied byte for byte. */
  readonly subjectDer: Uint8Array
  readonly keyIdentifier: Uint8Array
  readonly notAfter: Date
  /** How many CA certificates may follow below it; undefined if there is no limit. */
  readonly remainingPathLength: number | undefined
  /** Of usage mode SHORT_LIVED_CERTIFICATE: issues end entities only, for seven days at most. */
  readonly shortLived: boolean
}

declare const prepared: unique symbol

/** What may be signed. Only prepareCertificate makes one. */
export interface PreparedCertificate {
  readonly [prepared]: true
  /** DER of TBSCertificate (RFC 5280 §4.1), linted. */
  readonly tbsCertificateDer: Uint8Array
  /** DER of the AlgorithmIdentifier that the signature must have. */
  readonly signatureAlgorithm: Uint8Array
  readonly signingAlgorithm: SigningAlgorithm
  readonly serialNumber: Uint8Array
  readonly notAfter: Date
  readonly templateName: string
}

/**
 * The certificate that `order` asks for, ready to sign; `issuer` undefined makes a self-signed root.
 *
 * Throws ValidationException if it would outlive its issuer or break a path length constraint above it, and
 * MalformedCSRException if a CA would have no name.
 */
export function prepareCertificate(
  order: CertificateOrder,
  issuer: Issuer | undefined,
): PreparedCertificate {
  const { csr, period, serialNumber, signingAlgorithm, template } = order
  requireCaSubject(order)
  if (issuer !== undefined) requireIssuable(order, issuer)
  const signatureAlgorithm = signatureAlgorithmIdentifier(signingAlgorithm)
  const tbsCertificateDer = encodeTbsCertificate({
    serialNumber,
    signatureAlgorithm,
    issuer: issuer?.subjectDer ?? csr.request.subject.der,
    ...period,
    subject: csr.request.subject.der,
    subjectPublicKeyInfo: csr.request.subjectPublicKeyInfo.der,
    extensions: certificateExtensions(order, issuer),
  })
  lintTbsCertificate(tbsCertificateDer)
  return {
    tbsCertificateDer,
    signatureAlgorithm,
    signingAlgorithm,
    serialNumber,
    notAfter: period.notAfter,
    templateName: template.name,
  } as PreparedCertificate
}

/** In AWS's order: basicConstraints, AKI, SKI, keyUsage, extKeyUsage; the SAN after the template's own. */
function certificateExtensions(
  { template, csr }: CertificateOrder,
  issuer: Issuer | undefined,
): Extension[] {
  const subjectKeyIdentifier: Extension = {
    oid: oids.subjectKeyIdentifier,
    critical: false,
    value: encodeSubjectKeyIdentifier(keyIdentifier(csr.request.subjectPublicKeyInfo)),
  }
  return [
    template.basicConstraints,
    ...(issuer === undefined ? [] : [authorityKeyIdentifier(issuer)]),
    subjectKeyIdentifier,
    ...template.usage,
    ...(csr.subjectAlternativeName === undefined ? [] : [csr.subjectAlternativeName]),
  ]
}

function authorityKeyIdentifier(issuer: Issuer): Extension {
  return {
    oid: oids.authorityKeyIdentifier,
    critical: false,
    value: encodeAuthorityKeyIdentifier(issuer.keyIdentifier),
  }
}

/** A CA must have a name: it is the issuer of what it signs (RFC 5280 §4.1.2.4, §4.1.2.6). */
function requireCaSubject({ template, csr }: CertificateOrder): void {
  if (template.kind !== 'end-entity' && isEmptyName(csr.request.subject))
    throw new ServiceError(
      'MalformedCSRException',
      'CSR must have a subject: a certificate authority cannot be without a name',
    )
}

function requireIssuable(order: CertificateOrder, issuer: Issuer): void {
  const { template, period, issuedAt } = order
  requireWithinIssuer(period, issuer.notAfter)
  if (issuer.shortLived) requireShortLived(period, issuedAt)
  const remaining = issuer.shortLived ? 0 : issuer.remainingPathLength
  if (template.kind !== 'subordinate' || remaining === undefined) return
  if ((template.pathLenConstraint ?? Infinity) >= remaining)
    throw new ServiceError(
      'ValidationException',
      `Template ${template.name} is not allowed: below this certificate authority there may be ` +
        `${Math.max(0, remaining)} further levels of certificate authorities`,
    )
}
