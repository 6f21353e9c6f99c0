/**
 * The linter checks the values from which a certificate will be encoded, and returns the rules that they violate
 * (docs/decisions/0028). The caller decides whether a finding prevents issuance. Because the checks run before every signature,
 * they parse each extension only once.
 */
import { parseTbsCertificate, versionTag, type TbsCertificate } from '../x509/certificate.ts'
import { DerError } from '../x509/der/error.ts'
import { readOnlyNested, tags } from '../x509/der/reader.ts'
import { requireDerTree } from '../x509/der/tree.ts'
import {
  isConstantExtension,
  requireExtensionList,
  type Extension,
} from '../x509/extensions/extensions.ts'
import { isEmptyName } from '../x509/names/name.ts'
import { oidName } from '../x509/der/oid.ts'
import { keyIdentifier } from '../x509/subject-public-key-info.ts'
import { extensionChecks } from './extension-checks.ts'
import type {
  Criticality,
  ExtensionCheck,
  ExtensionFacts,
  LintContext,
  LintedCertificate,
  LintIssuer,
} from './facts.ts'
import { lintName } from './name-strings.ts'
import { lintOid } from './object-identifiers.ts'
import { Report, type LintFinding } from './rules.ts'

const serialNumberBytesMax = 20
const generalizedFromYear = 2050

/**
 * Returns findings about the values of a certificate. `issuer` is undefined for a self-signed root. Each rule is reported at
 * most once, for its first violation. Rules about the encoding itself are checked only by lintTbsCertificate.
 */
export function lintCertificate(
  certificate: LintedCertificate,
  issuer: LintIssuer | undefined,
): LintFinding[] {
  const report = new Report()
  lintValues({ certificate, issuer, report, facts: noFacts() })
  return report.findings()
}

/** Returns findings about a TBSCertificate's DER and its values. Malformed DER is also reported as a finding. */
export function lintTbsCertificate(
  tbsCertificateDer: Uint8Array,
  issuer: LintIssuer | undefined,
): LintFinding[] {
  const report = new Report()
  try {
    const tbs = parseTbsCertificate(tbsCertificateDer)
    lintEncoding(tbs, report)
    lintValues({ certificate: lintedValues(tbs), issuer, report, facts: noFacts() })
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    report.add('strict-der', error.message)
  }
  return report.findings()
}

function lintedValues(tbs: TbsCertificate): LintedCertificate {
  return {
    ...tbs,
    issuerDer: tbs.issuer.der,
    keyIdentifier: keyIdentifier(tbs.subjectPublicKeyInfo),
  }
}

function lintEncoding(tbs: TbsCertificate, report: Report): void {
  if (tbs.version !== 3) report.add('version-3')
  lintValidityEncoding(tbs, report)
}

function lintValues(context: LintContext): void {
  const { certificate, report } = context
  const { subject, extensions } = certificate
  lintFields(context)
  lintName(subject, 'subject', report)
  try {
    requireExtensionList(extensions)
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    report.add('strict-der', error.message)
  }
  for (const extension of extensions) lintExtension(extension, context)
  lintCombinations(context)
}

function noFacts(): ExtensionFacts {
  return {
    ca: false,
    basicConstraintsCritical: false,
    keyUsage: undefined,
    subjectAltNameCritical: undefined,
    hasSubjectKeyIdentifier: false,
    hasAuthorityKeyIdentifier: false,
    hasNameConstraints: false,
    policyExtension: undefined,
  }
}

function lintFields({ certificate, issuer, report }: LintContext): void {
  const { serialNumber, issuerDer, notBefore, notAfter } = certificate
  const serialNumberBytes = integerBytes(serialNumber)
  if (serialNumberBytes > serialNumberBytesMax)
    report.add('serial-number', `the serial number is ${serialNumberBytes} bytes long`)
  if (!serialNumber.some((byte) => byte !== 0)) report.add('serial-number', 'it is zero')
  // The issuer is copied from the CA certificate's subject, so its strings are not checked again.
  if (issuerDer.length <= emptyNameBytes) report.add('issuer-not-empty')
  if (notBefore > notAfter) report.add('validity-order')
  if (issuer !== undefined && notAfter > issuer.notAfter) report.add('within-issuer')
}

/** Length of an empty SEQUENCE. */
const emptyNameBytes = 2

/** Returns the content length of a positive INTEGER. If the top bit is set, a leading zero byte is included. */
function integerBytes(magnitude: Uint8Array): number {
  const first = magnitude.findIndex((byte) => byte !== 0)
  return first < 0 ? 1 : magnitude.length - first + ((magnitude[first] ?? 0) >= 0x80 ? 1 : 0)
}

function lintValidityEncoding(
  { tbsCertificateDer, notBefore, notAfter }: TbsCertificate,
  report: Report,
): void {
  const tbs = readOnlyNested(tbsCertificateDer, tags.sequence, 'TBSCertificate')
  tbs.optional(versionTag)
  // Skips the fields serialNumber, signature and issuer.
  for (const tag of [tags.integer, tags.sequence, tags.sequence]) tbs.element(tag)
  const validity = tbs.nested(tags.sequence, 'Validity')
  for (const date of [notBefore, notAfter]) {
    const isGeneralized = validity.any().tag === tags.generalizedTime
    if (isGeneralized !== date.getUTCFullYear() >= generalizedFromYear)
      report.add('validity-encoding')
  }
}

function lintExtension(extension: Extension, context: LintContext): void {
  const { oid, value } = extension
  const { report } = context
  const known = extensionChecks.get(oid)
  try {
    if (known === undefined) {
      lintOid(oid, () => 'extension', report)
      requireDerTree(value, oidName(oid))
      return
    }
    if (known.critical !== undefined) lintCriticality(known.critical, extension, report)
    if (known.isSelfContained === true) checkOnce(known, extension, context)
    else known.check(extension, context)
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    report.add(known?.rule ?? 'unknown-extension', error.message)
  }
}

/**
 * Constant extensions without findings. A constant extension contains a CA's URLs or comes from a template, and occurs in many
 * certificates.
 */
const passed = new WeakSet<Extension>()

function checkOnce(known: ExtensionCheck, extension: Extension, context: LintContext): void {
  if (passed.has(extension)) return
  const before = context.report.breaches
  known.check(extension, context)
  // Extensions that are not constant are new objects in each certificate.
  if (isConstantExtension(extension) && context.report.breaches === before) passed.add(extension)
}

function lintCriticality(
  expected: Criticality,
  { oid, critical }: Extension,
  report: Report,
): void {
  const isExpected = critical === (expected === 'must' || expected === 'should')
  if (isExpected) return
  const isAdvice = expected === 'should' || expected === 'should not'
  report.add(
    isAdvice ? 'extension-criticality-advice' : 'extension-criticality',
    `${oidName(oid)} ${expected} be critical`,
  )
}

/** Checks the rules that concern several extensions, the subject, or a missing extension. */
function lintCombinations({ certificate, issuer, facts, report }: LintContext): void {
  if (
    isEmptyName(certificate.subject) &&
    (facts.ca === true || facts.subjectAltNameCritical !== true)
  )
    report.add('empty-subject')
  if (!facts.hasSubjectKeyIdentifier) report.add('subject-key-identifier', 'it is missing')
  if (!facts.hasAuthorityKeyIdentifier && issuer !== undefined)
    report.add('authority-key-identifier', 'it is missing')
  lintUsage(facts, report)
  if (facts.ca === true) lintCa(facts, report)
  else if (facts.ca === false) lintEndEntity(facts, report)
}

function lintUsage({ keyUsage }: ExtensionFacts, report: Report): void {
  if (keyUsage === undefined) return
  if (keyUsage.length === 0) report.add('key-usage-not-empty')
  const isRestricted = keyUsage.includes('encipherOnly') || keyUsage.includes('decipherOnly')
  if (isRestricted && !keyUsage.includes('keyAgreement')) report.add('key-usage-agreement')
}

function lintCa({ basicConstraintsCritical, keyUsage }: ExtensionFacts, report: Report): void {
  if (!basicConstraintsCritical) report.add('ca-basic-constraints-critical')
  if (keyUsage?.includes('keyCertSign') === false) report.add('ca-key-cert-sign')
}

function lintEndEntity(facts: ExtensionFacts, report: Report): void {
  const { keyUsage, hasNameConstraints, policyExtension } = facts
  if (keyUsage?.includes('keyCertSign') === true) report.add('end-entity-key-cert-sign')
  if (hasNameConstraints) report.add('name-constraints-ca')
  if (policyExtension !== undefined) report.add('policy-extension-ca', policyExtension)
}
