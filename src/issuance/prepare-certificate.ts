/**
 * What a certificate will say. This folder decides it and leaves signing, storing and the clock to others: nothing
 * may be signed that was not prepared, and linted, here.
 */
import type { SigningAlgorithm } from '../authority/algorithms.ts'
import { violatedNameConstraint } from '../chain/name-constraints/check-names.ts'
import { validationFailed } from '../errors.ts'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import { encodeTbsCertificate } from '../x509/certificate.ts'
import { findExtension } from '../x509/extensions/extensions.ts'
import { parseGeneralNames } from '../x509/names/general-name.ts'
import { oids } from '../x509/der/oid.ts'
import type { AcceptedCsr } from './accept-csr.ts'
import { certificateContent, type CertificateContent } from './certificate-content.ts'
import type { CertificatePointers } from './certificate-pointers.ts'
import type { AuthorityKey, Issuer } from './issuer.ts'
import { lintTbsCertificate } from '../lint/lint.ts'
import type { LintFinding } from '../lint/rules.ts'
import type { EmptySubjectPolicy } from './issuance-policy.ts'
import type { Passthrough } from './passthrough.ts'
import type { Template } from './templates.ts'
import { requireShortLived, requireWithinIssuer, type Period } from './validity.ts'

export interface CertificateParameters {
  readonly template: Template
  readonly csr: AcceptedCsr
  /** Counts for API templates only. */
  readonly passthrough: Passthrough
  readonly period: Period
  readonly issuedAt: Date
  /** Octets of a positive integer, big-endian. */
  readonly serialNumber: Uint8Array
  readonly signingAlgorithm: SigningAlgorithm
  readonly pointers: CertificatePointers
  /** `refuse` if left out. */
  readonly emptySubject?: EmptySubjectPolicy | undefined
}

/** Private to this module, so that no other can make a PreparedCertificate, or one for another key. */
const signer = Symbol('signer')

/** What may be signed, and with which key. Only prepareCertificate makes one. */
export interface PreparedCertificate {
  readonly [signer]: AuthorityKey
  /** DER of TBSCertificate (RFC 5280 §4.1), linted. */
  readonly tbsCertificateDer: Uint8Array
  /** DER of the AlgorithmIdentifier that the signature must have. */
  readonly signatureAlgorithm: Uint8Array
  readonly signingAlgorithm: SigningAlgorithm
  readonly serialNumber: Uint8Array
  /** DER of the Name of the issuer. */
  readonly issuerDer: Uint8Array
  readonly notAfter: Date
  readonly templateName: string
  readonly isCa: boolean
  /** What the lint found; the caller decides whether it may be signed all the same. */
  readonly findings: readonly LintFinding[]
}

/** The key that signs a prepared certificate: the one of the issuer that it was prepared for. */
export function signerOf(certificate: PreparedCertificate): AuthorityKey {
  return certificate[signer]
}

/**
 * The certificate with these parameters, ready to sign by `signingKey`: a CA under its certificate, or a root CA with its key alone.
 *
 * Throws ValidationException if it would outlive its issuer, break a path length constraint above it or a name
 * constraint, and MalformedCSRException if it would name nobody.
 */
export function prepareCertificate(
  parameters: CertificateParameters,
  signingKey: Issuer | AuthorityKey,
): PreparedCertificate {
  const { csr, period, serialNumber, signingAlgorithm, template } = parameters
  const issuer = 'subjectDer' in signingKey ? signingKey : undefined
  if (issuer !== undefined) requireIssuable(parameters, issuer)
  const content = certificateContent({
    ...parameters,
    authorityKeyIdentifier: issuer?.keyIdentifier,
  })
  if (issuer !== undefined) requirePermittedNames(content, issuer, template)
  const signatureAlgorithm = signatureAlgorithmIdentifier(signingAlgorithm)
  const issuerDer = issuer?.subjectDer ?? content.subject.der
  const tbsCertificateDer = encodeTbsCertificate({
    serialNumber,
    signatureAlgorithm,
    issuer: issuerDer,
    ...period,
    subject: content.subject.der,
    subjectPublicKeyInfo: csr.request.subjectPublicKeyInfo.der,
    extensions: content.extensions,
  })
  return {
    [signer]: signingKey,
    tbsCertificateDer,
    signatureAlgorithm,
    signingAlgorithm,
    serialNumber,
    issuerDer,
    notAfter: period.notAfter,
    templateName: template.name,
    isCa: template.kind !== 'end-entity',
    findings: lintTbsCertificate(tbsCertificateDer, issuer),
  }
}

function requireIssuable(parameters: CertificateParameters, issuer: Issuer): void {
  const { template, period, issuedAt } = parameters
  requireWithinIssuer(period, issuer.notAfter)
  if (issuer.shortLived) requireShortLived(period, issuedAt)
  const remaining = issuer.shortLived ? 0 : issuer.remainingPathLength
  if (template.kind !== 'subordinate' || remaining === undefined) return
  if ((template.pathLenConstraint ?? Infinity) >= remaining)
    throw validationFailed(
      `Template ${template.name} is not allowed: below this certificate authority there may be ` +
        `${Math.max(0, remaining)} further levels of certificate authorities`,
    )
}

/** Name constraints of every certificate above (RFC 5280 §6.1.3 b and c). */
function requirePermittedNames(
  { subject, extensions }: CertificateContent,
  { nameConstraints }: Issuer,
  { kind }: Template,
): void {
  if (nameConstraints.length === 0) return
  const san = findExtension(extensions, oids.subjectAltName)
  const subjectAlternativeNames = san === undefined ? [] : parseGeneralNames(san.value)
  const violation = violatedNameConstraint(nameConstraints, {
    subject,
    subjectAlternativeNames,
    endEntity: kind === 'end-entity',
  })
  if (violation !== undefined)
    throw validationFailed(`The certificate is not allowed: ${violation}`)
}
