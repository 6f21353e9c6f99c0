/** Checks the values of extensions that the linter knows. Each check may throw DerError for a malformed value. */
import { isIP } from 'node:net'
import { readNameConstraints } from '../chain/name-constraints/check-names.ts'
import { parseBasicConstraints } from '../x509/extensions/basic-constraints.ts'
import { readNamedBits } from '../x509/der/bit-string.ts'
import { DerError } from '../x509/der/error.ts'
import { readOnly, tags } from '../x509/der/reader.ts'
import { parseDistributionPoints } from '../x509/extensions/distribution-points.ts'
import { parseExtendedKeyUsage } from '../x509/extensions/extended-key-usage.ts'
import type { Extension } from '../x509/extensions/extensions.ts'
import { parseGeneralNames } from '../x509/names/general-name.ts'
import { parseInfoAccess } from '../x509/extensions/info-access.ts'
import {
  parseAuthorityCertIssuer,
  parseAuthorityKeyIdentifier,
  parseSubjectKeyIdentifier,
} from '../x509/extensions/key-identifiers.ts'
import { keyUsageBits } from '../x509/extensions/key-usage.ts'
import { parseNameConstraints, type GeneralSubtree } from '../x509/extensions/name-constraints.ts'
import { parseName } from '../x509/names/name.ts'
import { oidName, oids } from '../x509/der/oid.ts'
import { latin1 } from '../x509/der/strings.ts'
import type { ExtensionCheck, LintContext } from './facts.ts'
import { lintGeneralNames } from './general-names.ts'
import { lintName } from './name-strings.ts'
import { lintOid } from './object-identifiers.ts'
import { policyChecks } from './policy-checks.ts'
import type { Report } from './rules.ts'
import { vendorChecks } from './vendor-checks.ts'

const checkNames =
  (label: string) =>
  ({ value }: Extension, { report }: LintContext): void => {
    lintGeneralNames(parseGeneralNames(value), label, report)
  }

function checkSubjectAltName(extension: Extension, context: LintContext): void {
  context.facts.subjectAltNameCritical = extension.critical
  checkNames('subjectAltName')(extension, context)
}

function checkBasicConstraints({ value, critical }: Extension, { facts }: LintContext): void {
  facts.ca = undefined
  facts.basicConstraintsCritical = critical
  facts.ca = parseBasicConstraints(value).ca
}

function checkKeyUsage({ value }: Extension, { facts }: LintContext): void {
  const element = readOnly(value, tags.bitString, 'keyUsage')
  const bits = new Set(readNamedBits(element, 'keyUsage', keyUsageBits.length))
  facts.keyUsage = keyUsageBits.filter((_bit, index) => bits.has(index))
}

function checkExtendedKeyUsage({ value, critical }: Extension, { report }: LintContext): void {
  const purposes = parseExtendedKeyUsage(value)
  if (purposes.length > 1 && new Set(purposes).size < purposes.length)
    throw new DerError('the extendedKeyUsage contains a purpose twice')
  for (const purpose of purposes) lintOid(purpose, () => 'extendedKeyUsage', report)
  if (critical && purposes.includes(oids.anyExtendedKeyUsage))
    report.add(
      'extension-criticality-advice',
      'extendedKeyUsage is critical although it contains anyExtendedKeyUsage',
    )
}

function checkSubjectKeyIdentifier(
  { value, critical }: Extension,
  { certificate, facts, report }: LintContext,
): void {
  facts.hasSubjectKeyIdentifier = true
  if (critical) report.add('subject-key-identifier', 'it is critical')
  const identifier = parseSubjectKeyIdentifier(value)
  if (Buffer.compare(identifier, certificate.keyIdentifier) !== 0)
    report.add('subject-key-identifier', 'the subjectKeyIdentifier identifies another key')
}

function checkAuthorityKeyIdentifier(
  { value, critical }: Extension,
  { issuer, facts, report }: LintContext,
): void {
  facts.hasAuthorityKeyIdentifier = true
  if (critical) report.add('authority-key-identifier', 'it is critical')
  const identifier = parseAuthorityKeyIdentifier(value)
  if (issuer !== undefined) {
    const matchesIssuer =
      identifier !== undefined && Buffer.compare(identifier, issuer.keyIdentifier) === 0
    if (!matchesIssuer)
      report.add(
        'authority-key-identifier',
        'the authorityKeyIdentifier does not identify the key of the issuer',
      )
  }
  lintGeneralNames(parseAuthorityCertIssuer(value), 'authorityKeyIdentifier', report)
}

const checkDistributionPoints =
  (label: string) =>
  ({ value }: Extension, { report }: LintContext): void => {
    for (const point of parseDistributionPoints(value, label)) {
      lintGeneralNames(point.fullName, label, report)
      lintGeneralNames(point.crlIssuer, `cRLIssuer of ${label}`, report)
      // Go rejects a certificate with a nameRelativeToCRLIssuer.
      if (point.relativeName !== undefined)
        report.add('distribution-points', `${label} has a nameRelativeToCRLIssuer`)
    }
  }

const checkInfoAccess =
  (label: string) =>
  ({ value }: Extension, { report }: LintContext): void => {
    const locations = parseInfoAccess(value, label).map(({ accessLocation }) => accessLocation)
    if (locations.length === 0) throw new DerError(`${label} is empty`)
    lintGeneralNames(locations, label, report)
  }

function checkNameConstraints({ value }: Extension, { facts, report }: LintContext): void {
  facts.hasNameConstraints = true
  const { permitted, excluded } = parseNameConstraints(value)
  for (const subtree of [...permitted, ...excluded]) checkSubtree(subtree, report)
  readNameConstraints(value)
}

function checkSubtree({ kind, content }: GeneralSubtree, report: Report): void {
  const addressBytes = content.length / 2
  if (kind === 'otherName' || kind === 'x400Address' || kind === 'ediPartyName')
    lintGeneralNames([{ kind, content }], 'nameConstraints', report)
  if (kind === 'directoryName') lintName(parseName(content), 'nameConstraints', report)
  if (
    kind === 'iPAddress' &&
    content.some((byte, at) => at < addressBytes && byte & ~(content[at + addressBytes] ?? 0))
  )
    throw new DerError('an iPAddress subtree has address bits outside its mask')
  if (kind === 'uniformResourceIdentifier' && isIP(latin1(content)) !== 0)
    throw new DerError(
      'a uniformResourceIdentifier subtree is an IP address; it must be a host name or a domain',
    )
}

/** The checks for each extension, keyed by object identifier. */
export const extensionChecks: ReadonlyMap<string, ExtensionCheck> = new Map(
  Object.entries<ExtensionCheck>({
    [oids.basicConstraints]: { rule: 'basic-constraints', check: checkBasicConstraints },
    [oids.keyUsage]: { rule: 'key-usage', critical: 'should', check: checkKeyUsage },
    [oids.extendedKeyUsage]: {
      rule: 'extended-key-usage',
      isSelfContained: true,
      check: checkExtendedKeyUsage,
    },
    [oids.subjectAltName]: { rule: 'subject-alternative-name', check: checkSubjectAltName },
    [oids.issuerAltName]: {
      rule: 'issuer-alternative-name',
      critical: 'should not',
      check: checkNames('issuerAltName'),
    },
    // The next two functions also check `critical`, so that a wrong criticality is reported under the extension's own rule.
    [oids.subjectKeyIdentifier]: {
      rule: 'subject-key-identifier',
      check: checkSubjectKeyIdentifier,
    },
    [oids.authorityKeyIdentifier]: {
      rule: 'authority-key-identifier',
      check: checkAuthorityKeyIdentifier,
    },
    [oids.crlDistributionPoints]: {
      rule: 'distribution-points',
      critical: 'should not',
      isSelfContained: true,
      check: checkDistributionPoints(oidName(oids.crlDistributionPoints)),
    },
    [oids.freshestCrl]: {
      rule: 'distribution-points',
      critical: 'must not',
      isSelfContained: true,
      check: checkDistributionPoints(oidName(oids.freshestCrl)),
    },
    [oids.authorityInfoAccess]: {
      rule: 'info-access',
      critical: 'must not',
      isSelfContained: true,
      check: checkInfoAccess(oidName(oids.authorityInfoAccess)),
    },
    [oids.subjectInfoAccess]: {
      rule: 'info-access',
      critical: 'must not',
      isSelfContained: true,
      check: checkInfoAccess(oidName(oids.subjectInfoAccess)),
    },
    [oids.nameConstraints]: {
      rule: 'name-constraints',
      critical: 'must',
      check: checkNameConstraints,
    },
    ...policyChecks,
    ...vendorChecks,
  }),
)
