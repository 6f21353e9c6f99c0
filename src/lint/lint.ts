/**
 * Checks of the exact bytes that are about to be signed, against RFC 5280 and the promises of a CA.
 *
 * This folder parses a certificate and returns the rules that it breaks. Whether a finding keeps the certificate from being
 * issued is decided elsewhere. The checks run before every signature, so each extension is read once.
 */
import { createBoundedCache } from '../bounded-cache.ts'
import { parseTbsCertificate, versionTag, type TbsCertificate } from '../x509/certificate.ts'
import { DerError } from '../x509/der/error.ts'
import { readOnlyNested, tags } from '../x509/der/reader.ts'
import { requireDerTree } from '../x509/der/tree.ts'
import type { Extension } from '../x509/extensions/extensions.ts'
import { isEmptyName } from '../x509/names/name.ts'
import { oidName } from '../x509/der/oid.ts'
import { latin1 } from '../x509/der/strings.ts'
import { extensionChecks } from './extension-checks.ts'
import type {
  Criticality,
  ExtensionCheck,
  ExtensionFacts,
  LintContext,
  LintIssuer,
} from './facts.ts'
import { lintName } from './name-strings.ts'
import { lintOid } from './object-identifiers.ts'
import { Report, type LintFinding } from './rules.ts'

const serialNumberBytesMax = 20
const generalizedFromYear = 2050

/**
 * Findings about the DER of a TBSCertificate; `issuer` is undefined for a root that signs itself. A certificate that cannot
 * be parsed is a finding, too. Each rule is reported at most once, for its first breach.
 */
export function lintTbsCertificate(
  tbsCertificateDer: Uint8Array,
  issuer: LintIssuer | undefined,
): LintFinding[] {
  const report = new Report()
  try {
    const certificate = parseTbsCertificate(tbsCertificateDer)
    const context: LintContext = { certificate, issuer, report, facts: noFacts() }
    lintFields(context)
    lintName(certificate.subject, 'subject', report)
    for (const extension of certificate.extensions) lintExtension(extension, context)
    lintTogether(context)
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    report.add('strict-der', error.message)
  }
  return report.findings()
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
  const { version, serialNumber, notBefore, notAfter } = certificate
  if (version !== 3) report.add('version-3')
  if (serialNumber.length > serialNumberBytesMax)
    report.add('serial-number', `it has ${serialNumber.length} octets`)
  if (!serialNumber.some((byte) => byte !== 0)) report.add('serial-number', 'it is zero')
  // The issuer is copied from the subject of the CA's certificate, so only its presence is checked.
  if (isEmptyName(certificate.issuer)) report.add('issuer-not-empty')
  if (notBefore > notAfter) report.add('validity-order')
  if (issuer !== undefined && notAfter > issuer.notAfter) report.add('within-issuer')
  lintValidityEncoding(certificate, report)
}

function lintValidityEncoding(certificate: TbsCertificate, report: Report): void {
  const { tbsCertificateDer, notBefore, notAfter } = certificate
  const tbs = readOnlyNested(tbsCertificateDer, tags.sequence, 'TBSCertificate')
  tbs.optional(versionTag)
  // serialNumber, signature, issuer
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
    if (known.isConstant === true) checkOnce(known, extension, context)
    else known.check(extension, context)
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    report.add(known?.rule ?? 'unknown-extension', error.message)
  }
}

/** Values of extensions that passed. A CA writes the same ones into all its certificates. */
const passed = createBoundedCache<true>(1024)
/** Far longer than the URLs of a CA; bounds the memory of the cache. */
const passedBytesMax = 512

/** Checks a value that most certificates of a CA have in common, unless it has passed before. */
function checkOnce(known: ExtensionCheck, extension: Extension, context: LintContext): void {
  const { oid, value } = extension
  const key = value.length > passedBytesMax ? undefined : `${oid} ${latin1(value)}`
  if (key !== undefined && passed.get(key) === true) return
  const before = context.report.breaches
  known.check(extension, context)
  if (key !== undefined && context.report.breaches === before) passed.set(key, true)
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

/** Checks the rules about several extensions together, or about a missing one. */
function lintTogether({ certificate, issuer, facts, report }: LintContext): void {
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
