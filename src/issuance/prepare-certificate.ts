/**
 * Computes the content of a certificate. The code in this folder neither signs nor stores anything, and does not read the
 * clock. Every certificate is prepared and linted here before it is signed.
 */
import { isDeepStrictEqual } from 'node:util'
import type { SigningAlgorithm } from '../authority/algorithms.ts'
import { violatedNameConstraint } from '../chain/name-constraints/check-names.ts'
import { validationFailed } from '../errors.ts'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import {
  differingField,
  encodeTbsCertificate,
  parseTbsCertificate,
  type TbsCertificate,
  type TbsCertificateFields,
} from '../x509/certificate.ts'
import { parseBasicConstraints } from '../x509/extensions/basic-constraints.ts'
import { findExtension } from '../x509/extensions/extensions.ts'
import { parseGeneralNames } from '../x509/names/general-name.ts'
import { oids } from '../x509/der/oid.ts'
import { serialNumberKey } from '../x509/serial-number-text.ts'
import { keyIdentifier } from '../x509/subject-public-key-info.ts'
import type { AcceptedCsr } from './accept-csr.ts'
import { certificateContent, type CertificateContent } from './certificate-content.ts'
import type { CertificatePointers } from './certificate-pointers.ts'
import type { AuthorityKey, Issuer } from './issuer.ts'
import { lintCertificate, lintTbsCertificate } from '../lint/lint.ts'
import type { LintFinding } from '../lint/rules.ts'
import type { EmptySubjectPolicy } from './issuance-policy.ts'
import type { Passthrough } from './passthrough.ts'
import { requireTemplate, type Template } from './templates.ts'
import { requireShortLived, requireWithinIssuer, type Period } from './validity.ts'

export interface CertificateParameters {
  readonly template: Template
  readonly csr: AcceptedCsr
  /** The ApiPassthrough parameter, used only with templates that allow it. */
  readonly passthrough: Passthrough
  readonly period: Period
  readonly issuedAt: Date
  /** Serial number: a positive big-endian integer. */
  readonly serialNumber: Uint8Array
  readonly signingAlgorithm: SigningAlgorithm
  readonly pointers: CertificatePointers
  /** How CSRs with an empty subject are handled; `refuse` by default. */
  readonly emptySubject?: EmptySubjectPolicy | undefined
}

/** The symbol is private, so that only this module can create a PreparedCertificate and choose its key. */
const signer = Symbol('signer')

/**
 * A certificate that is ready to be signed, and the key with which to sign it. Only this module creates instances of the class.
 */
export interface PreparedCertificate {
  readonly [signer]: Issuer | AuthorityKey
  /** The values that tbsCertificateDer encodes. */
  readonly fields: TbsCertificateFields
  /** The TBSCertificate in DER (RFC 5280 §4.1), whose values have been linted. */
  readonly tbsCertificateDer: Uint8Array
  /** The signature's AlgorithmIdentifier in DER. */
  readonly signatureAlgorithm: Uint8Array
  readonly signingAlgorithm: SigningAlgorithm
  readonly serialNumber: Uint8Array
  /** Issuer name in DER. */
  readonly issuerDer: Uint8Array
  readonly notAfter: Date
  readonly templateName: string
  readonly isCa: boolean
  /** Lint findings for the certificate. The caller decides whether the lint findings prevent the signature. */
  readonly findings: readonly LintFinding[]
}

/** Returns the handle of the key for which a certificate was prepared. */
export function signerOf(certificate: PreparedCertificate): AuthorityKey {
  return certificate[signer]
}

/**
 * Prepares a certificate to be signed by `signingKey`, which belongs to a CA with a certificate, or to a root CA that has only a
 * key.
 *
 * Throws ValidationException if the certificate would outlive its issuer or violate a path length constraint or name constraint
 * in a certificate above it. Throws MalformedCSRException if the certificate would have neither subject nor SAN.
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

/** A prepared certificate that was stored before it was signed, with the columns of its row. */
export type StoredPreparation = Pick<
  PreparedCertificate,
  'tbsCertificateDer' | 'signingAlgorithm' | 'serialNumber' | 'notAfter' | 'templateName'
>

/**
 * Restores a certificate that was prepared for `signingKey` and stored. Throws Error if the stored TBSCertificate does not match
 * its row, its template or its issuer.
 */
export function restorePreparation(
  stored: StoredPreparation,
  signingKey: Issuer | AuthorityKey,
): PreparedCertificate {
  const { tbsCertificateDer, signingAlgorithm, serialNumber, notAfter, templateName } = stored
  const template = requireTemplate(templateName)
  const issuer = issuerIn(signingKey)
  const tbs = parseTbsCertificate(tbsCertificateDer)
  const signatureAlgorithm = signatureAlgorithmIdentifier(signingAlgorithm)
  const subjectPublicKeyInfo = tbs.subjectPublicKeyInfo.der
  const issuerDer = issuer?.subjectDer ?? tbs.subject.der
  const isSame: Record<string, boolean> = {
    'serial number': serialNumberKey(tbs.serialNumber) === serialNumberKey(serialNumber),
    notAfter: tbs.notAfter.getTime() === notAfter.getTime(),
    'signature algorithm': equals(tbs.signatureAlgorithm.der, signatureAlgorithm),
    issuer: equals(tbs.issuer.der, issuerDer),
    template: isCaCertificate(tbs) === (template.kind !== 'end-entity'),
    // A certificate without an issuer is self-signed, so its key is the CA's key.
    'public key':
      issuer !== undefined || equals(subjectPublicKeyInfo, signingKey.subjectPublicKeyInfo.der),
  }
  const different = Object.keys(isSame).find((name) => isSame[name] === false)
  if (different !== undefined)
    throw new Error(`the stored certificate does not belong to its row: ${different}`)
  const { notBefore, extensions } = tbs
  const fields = { serialNumber, signatureAlgorithm, issuer: issuerDer, notBefore, notAfter }
  return {
    [signer]: signingKey,
    fields: { ...fields, subject: tbs.subject.der, subjectPublicKeyInfo, extensions },
    tbsCertificateDer,
    signatureAlgorithm,
    signingAlgorithm,
    serialNumber,
    issuerDer,
    notAfter,
    templateName,
    isCa: template.kind !== 'end-entity',
    findings: lintTbsCertificate(tbsCertificateDer, issuer),
  }
}

function isCaCertificate({ extensions }: TbsCertificate): boolean {
  const extension = findExtension(extensions, oids.basicConstraints)
  return extension !== undefined && parseBasicConstraints(extension.value).ca
}

function equals(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function issuerIn(signingKey: Issuer | AuthorityKey): Issuer | undefined {
  return 'subjectDer' in signingKey ? signingKey : undefined
}

/**
 * Parses a prepared certificate. Throws Error unless the parsed values equal the values that were encoded, and the lint reports
 * the same findings (docs/decisions/0028).
 */
export function requireReadBack(certificate: PreparedCertificate): void {
  const { [signer]: signingKey, tbsCertificateDer, fields, findings } = certificate
  const field = differingField(tbsCertificateDer, fields)
  if (field !== undefined)
    throw new Error(`the encoded certificate differs from its values: ${field}`)
  const found = lintTbsCertificate(tbsCertificateDer, issuerIn(signingKey))
  if (!isDeepStrictEqual(found, findings))
    throw new Error(
      'the lint findings for the encoded certificate differ from those for its values',
    )
}

function requireIssuable(parameters: CertificateParameters, issuer: Issuer): void {
  const { template, period, issuedAt } = parameters
  requireWithinIssuer(period, issuer.notAfter)
  if (issuer.shortLived) requireShortLived(period, issuedAt)
  const remaining = issuer.shortLived ? 0 : issuer.remainingPathLength
  if (template.kind !== 'subordinate' || remaining === undefined) return
  if ((template.pathLenConstraint ?? Infinity) >= remaining)
    throw validationFailed(
      `Template ${template.name} is not allowed: this certificate authority permits at most ` +
        `${Math.max(0, remaining)} further levels of certificate authorities below it`,
    )
}

/** Checks the name constraints in every certificate above the new certificate (RFC 5280 §6.1.3 b and c). */
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
