/** Checks extensions that RFC 5280 does not define. */
import { DerError } from '../x509/der/error.ts'
import { readNamedBits } from '../x509/der/bit-string.ts'
import { readOnly, readOnlyNested, tags } from '../x509/der/reader.ts'
import { requireDerTree } from '../x509/der/tree.ts'
import { isNull, readIntegerBytes, readSequenceOf } from '../x509/der/values.ts'
import type { Extension } from '../x509/extensions/extensions.ts'
import { parseGeneralNames } from '../x509/names/general-name.ts'
import {
  parseMicrosoftTemplate,
  parseMicrosoftTemplateName,
} from '../x509/extensions/microsoft-extensions.ts'
import { decodeOid, oidName, oids } from '../x509/der/oid.ts'
import { parsePrivateKeyUsagePeriod } from '../x509/extensions/private-key-usage-period.ts'
import { parseTimestampList } from '../x509/extensions/signed-certificate-timestamps.ts'
import { decodeString } from '../x509/der/strings.ts'
import { parseDirectoryAttributes } from '../x509/extensions/subject-directory-attributes.ts'
import { parseTlsFeatures } from '../x509/extensions/tls-feature.ts'
import type { ExtensionCheck, LintContext } from './facts.ts'
import { lintGeneralNames } from './general-names.ts'
import { lintString } from './name-strings.ts'

/** Returns a check that fails if an extension's value cannot be parsed. */
const wellFormed =
  (parse: (value: Uint8Array) => unknown) =>
  ({ value }: Extension): void => {
    parse(value)
  }

function checkNull({ oid, value }: Extension): void {
  if (!isNull(value)) throw new DerError(`${oidName(oid)} is not NULL`)
}

/** Identifiers for SHA-256, RSA and ECDSA (RFC 6962 §2.1.4, RFC 5246 §7.4.1.4.1). */
const sctHash = 4
const sctSignatures: readonly number[] = [1, 3]

function checkTimestamps({ value }: Extension): void {
  for (const { hashAlgorithm, signatureAlgorithm } of parseTimestampList(value))
    if (hashAlgorithm !== sctHash || !sctSignatures.includes(signatureAlgorithm))
      throw new DerError('a timestamp is not signed with SHA-256 and RSA or ECDSA')
}

function checkUsagePeriod({ value }: Extension): void {
  const { notBefore, notAfter } = parsePrivateKeyUsagePeriod(value)
  if (notBefore !== undefined && notAfter !== undefined && notAfter < notBefore)
    throw new DerError('notAfter is before notBefore')
}

function checkTemplateName({ value }: Extension, { report }: LintContext): void {
  const text = parseMicrosoftTemplateName(value)
  // Microsoft defines a BMPString for this extension, so the advice against BMPString does not apply.
  lintString(
    { tag: tags.utf8String, text, place: () => 'name of the certificate template' },
    report,
  )
}

function checkCaSecurity({ value }: Extension, { report }: LintContext): void {
  lintGeneralNames(parseGeneralNames(value), oidName(oids.microsoftCaSecurity), report)
}

function checkComment({ value }: Extension, { report }: LintContext): void {
  const label = oidName(oids.netscapeComment)
  const text = decodeString(readOnly(value, tags.ia5String, label)) ?? ''
  // The comment in this extension often contains line breaks.
  lintString(
    { tag: tags.ia5String, text: text.replaceAll(/[\r\n\t]/g, ' '), place: () => label },
    report,
  )
}

const certTypeBits = 8
const statementsMax = 64

/** Checks a SEQUENCE of SEQUENCEs, each with an object identifier and an optional value. */
function checkStatements({ oid, value }: Extension): void {
  const label = oidName(oid)
  const elements = readSequenceOf(value, label, statementsMax)
  for (const { der } of elements) {
    const reader = readOnlyNested(der, tags.sequence, label)
    decodeOid(reader.element(tags.oid).content)
    if (!reader.atEnd) requireDerTree(reader.any().der, label)
    reader.end()
  }
}

/** Checks of extensions, keyed by object identifier. */
export const vendorChecks: Readonly<Record<string, ExtensionCheck>> = {
  [oids.signedCertificateTimestamps]: {
    rule: 'certificate-transparency',
    critical: 'should not',
    check: checkTimestamps,
  },
  [oids.precertificatePoison]: {
    rule: 'certificate-transparency',
    critical: 'must',
    check: checkNull,
  },
  [oids.tlsFeature]: {
    rule: 'tls-feature',
    critical: 'should not',
    check: wellFormed(parseTlsFeatures),
  },
  [oids.ocspNoCheck]: { rule: 'ocsp-no-check', critical: 'should not', check: checkNull },
  [oids.privateKeyUsagePeriod]: { rule: 'private-key-usage-period', check: checkUsagePeriod },
  [oids.subjectDirectoryAttributes]: {
    rule: 'subject-directory-attributes',
    critical: 'must not',
    check: wellFormed(parseDirectoryAttributes),
  },
  [oids.microsoftTemplate]: { rule: 'vendor-extension', check: wellFormed(parseMicrosoftTemplate) },
  [oids.microsoftTemplateName]: { rule: 'vendor-extension', check: checkTemplateName },
  [oids.microsoftCaSecurity]: { rule: 'vendor-extension', check: checkCaSecurity },
  [oids.microsoftCaVersion]: {
    rule: 'vendor-extension',
    check: ({ oid, value }) => {
      readIntegerBytes(readOnly(value, tags.integer, oidName(oid)), oidName(oid))
    },
  },
  [oids.microsoftPreviousCaCertHash]: {
    rule: 'vendor-extension',
    check: ({ oid, value }) => {
      readOnly(value, tags.octetString, oidName(oid))
    },
  },
  [oids.netscapeCertType]: {
    rule: 'vendor-extension',
    check: ({ oid, value }) => {
      const element = readOnly(value, tags.bitString, oidName(oid))
      readNamedBits(element, oidName(oid), certTypeBits)
    },
  },
  [oids.netscapeComment]: { rule: 'vendor-extension', check: checkComment },
  [oids.qcStatements]: { rule: 'vendor-extension', check: checkStatements },
  [oids.smimeCapabilities]: { rule: 'vendor-extension', check: checkStatements },
}
