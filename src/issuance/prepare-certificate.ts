/**
 * What a certificate will say. This folder decides it and leaves signing, storing and the clock to others: nothing
 * may be signed that was not prepared, and linted, here.
 */
import { isDeepStrictEqual } from 'node:util'
import type { SigningAlgorithm } from '../authority/algorithms.ts'
import { violatedNameConstraint } from '../chain/name-constraints/check-names.ts'
import { validationFailed } from '../errors.ts'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import {
  differingField,
  encodeTbsCertificate,
  type TbsCertificateFields,
} from '../x509/certificate.ts'
import { findExtension } from '../x509/extensions/extensions.ts'
import { parseGeneralNames } from '../x509/names/general-name.ts'
import { oids } from '../x509/der/oid.ts'
import { keyIdentifier } from '../x509/subject-public-key-info.ts'
import type { AcceptedCsr } from './accept-csr.ts'
import { certificateContent, type CertificateContent } from './certificate-content.ts'
import type { CertificatePointers } from './certificate-pointers.ts'
import type { AuthorityKey, Issuer } from './issuer.ts'
import { lintCertificate, lintTbsCertificate } from '../lint/lint.ts'
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
  readonly [signer]: Issuer | AuthorityKey
  /** What tbsCertificateDer is written from. */
  readonly fields: TbsCertificateFields
  /** DER of TBSCertificate (RFC 5280 §4.1); its values are linted. */
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
  const issuer = issuerIn(signingKey)
  if (issuer !== undefined) requireIssuable(parameters, issuer)
  const subjectKeyIdentifier = keyIdentifier(csr.request.subjectPublicKeyInfo)
  const content = certificateContent({
    ...parameters,
    subjectKeyIdentifier,
    authorityKeyIdentifier: issuer?.authorityKeyIdentifier,
  })
  if (issuer !== undefined) requirePermittedNames(content, issuer, template)
  const { subject, extensions } = content
  const signatureAlgorithm = signatureAlgorithmIdentifier(signingAlgorithm)
  const issuerDer = issuer?.subjectDer ?? subject.der
  const common = { serialNumber, ...period, extensions }
  const fields = {
    ...common,
    signatureAlgorithm,
    issuer: issuerDer,
    subject: subject.der,
    subjectPublicKeyInfo: csr.request.subjectPublicKeyInfo.der,
  }
  const values = { ...common, issuerDer, subject, keyIdentifier: subjectKeyIdentifier }
  return {
    [signer]: signingKey,
    fields,
    tbsCertificateDer: encodeTbsCertificate(fields),
    signatureAlgorithm,
    signingAlgorithm,
    serialNumber,
    issuerDer,
    notAfter: period.notAfter,
    templateName: template.name,
    isCa: template.kind !== 'end-entity',
    findings: lintCertificate(values, issuer),
  }
}

function issuerIn(signingKey: Issuer | AuthorityKey): Issuer | undefined {
  return 'subjectDer' in signingKey ? signingKey : undefined
}

/**
 * Reads a prepared certificate back from its bytes. Throws Error unless they say what they were written from, and the lint finds
 * in them what it found before (docs/decisions/0028).
 */
export function requireReadBack(certificate: PreparedCertificate): void {
  const { [signer]: signingKey, tbsCertificateDer, fields, findings } = certificate
  const field = differingField(tbsCertificateDer, fields)
  if (field !== undefined) throw new Error(`the certificate does not read back: ${field}`)
  const found = lintTbsCertificate(tbsCertificateDer, issuerIn(signingKey))
  if (!isDeepStrictEqual(found, findings))
    throw new Error('the lint of the certificate finds something else when it is read back')
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
