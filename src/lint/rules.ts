/**
 * The rules that a certificate is checked against, with their severity: with `--lint=error`, an error refuses the certificate
 * and a warning is logged. docs/lint.md lists them for operators.
 */
type Severity = 'error' | 'warning'

/** A rule: its part of a finding. */
interface LintRule {
  readonly severity: Severity
  /** The rule, in words. */
  readonly rule: string
  /** Where the rule comes from. */
  readonly source: string
}

const error = (rule: string, source: string): LintRule => ({ severity: 'error', rule, source })
const warning = (rule: string, source: string): LintRule => ({ severity: 'warning', rule, source })

const fieldRules = {
  'strict-der': error('the certificate is strict DER', 'RFC 5280 §4.1, X.690'),
  'version-3': error('a certificate with extensions is of version 3', 'RFC 5280 §4.1.2.1'),
  'serial-number': error(
    'the serial number is positive and of at most 20 octets',
    'RFC 5280 §4.1.2.2',
  ),
  'issuer-not-empty': error('the issuer is not empty', 'RFC 5280 §4.1.2.4'),
  'validity-order': error('the validity does not end before it begins', 'RFC 5280 §4.1.2.5'),
  'validity-encoding': error(
    'the validity is written as UTCTime until 2049, as GeneralizedTime from 2050',
    'RFC 5280 §4.1.2.5',
  ),
  'within-issuer': error(
    'the certificate does not outlive its issuer',
    'AWS Private CA User Guide, Validity',
  ),
  'empty-subject': error(
    'an empty subject belongs to an end entity with a critical subject alternative name',
    'RFC 5280 §4.1.2.6, §4.2.1.6',
  ),
} as const

const nameRules = {
  'subject-value-types': error(
    'the values in names are of types that their attributes may have',
    'RFC 5280 §4.1.2.4, appendix A.1; X.520',
  ),
  'name-characters': error(
    'strings in names have only characters of their type',
    'RFC 5280 §4.1.2.4; X.680 §41',
  ),
  'name-control-characters': error(
    'strings in names have no control characters and no noncharacters',
    'X.520 §6; Unicode §23.1, §23.7',
  ),
  'name-value-empty': error('strings in names are not empty', 'RFC 5280 appendix A.1; X.520'),
  'name-value-blank': warning('strings in names are not only white space', 'RFC 5280 §7.1'),
  'name-value-length': error(
    'strings in names are not longer than their upper bound; a country has two letters',
    'RFC 5280 appendix A.1',
  ),
  'name-set-order': error(
    'the attributes of an RDN are in the order of DER',
    'RFC 5280 §4.1.2.4; X.690 §11.6',
  ),
  'name-string-type': warning(
    'strings in names have the type that RFC 5280 gives their attribute',
    'RFC 5280 §4.1.2.4, appendix A.1',
  ),
  'name-legacy-string': warning(
    'names are in PrintableString or UTF8String, not in TeletexString or BMPString',
    'RFC 5280 §4.1.2.4',
  ),
  'name-invisible-characters': warning(
    'names have no characters that change the direction of text',
    'Unicode TR 36 §3.1',
  ),
  'name-repeated-attribute': warning('an RDN has each type of attribute once', 'X.501 §9.3'),
} as const

const generalNameRules = {
  'dns-name': error(
    'a dNSName is a host name: labels of 1 to 63 letters, digits and hyphens, at most 253 characters, an asterisk only as the whole first label',
    'RFC 5280 §4.2.1.6; RFC 1034 §3.5; RFC 1123 §2.1',
  ),
  'dns-name-form': warning(
    'a dNSName has no underscores, and no hyphens at the ends of a label',
    'RFC 1034 §3.5',
  ),
  'mail-address': error('an rfc822Name is a mailbox', 'RFC 5280 §4.2.1.6; RFC 5321 §4.1.2'),
  uri: error(
    'a URI is absolute and well-formed, with a host where it has an authority',
    'RFC 5280 §4.2.1.6; RFC 3986',
  ),
  'directory-name': error('a directoryName is not empty', 'RFC 5280 §4.2.1.6'),
  'other-name': error('an otherName holds DER, and no empty string', 'RFC 5280 §4.2.1.6'),
  'edi-party-name': error(
    'an ediPartyName holds strings that are not empty',
    'RFC 5280 §4.2.1.6, appendix A.2',
  ),
  'x400-address': error('an x400Address holds DER', 'RFC 5280 §4.2.1.6'),
} as const

const crossRules = {
  'ca-basic-constraints-critical': error(
    'the basic constraints of a CA are critical',
    'RFC 5280 §4.2.1.9',
  ),
  'ca-key-cert-sign': error(
    'the key usage of a CA, if it has one, includes keyCertSign',
    'RFC 5280 §4.2.1.3',
  ),
  'end-entity-key-cert-sign': error('keyCertSign belongs to CAs', 'RFC 5280 §4.2.1.3, §4.2.1.9'),
  'key-usage-not-empty': error('a key usage has at least one bit set', 'RFC 5280 §4.2.1.3'),
  'key-usage-agreement': warning(
    'encipherOnly and decipherOnly stand beside keyAgreement',
    'RFC 5280 §4.2.1.3',
  ),
  'name-constraints-ca': error('name constraints belong to CAs', 'RFC 5280 §4.2.1.10'),
  'policy-extension-ca': warning(
    'policyMappings, policyConstraints and inhibitAnyPolicy belong to CAs',
    'RFC 5280 §4.2.1.5, §4.2.1.11, §4.2.1.14',
  ),
  'extension-criticality': error(
    'extensions are critical, or not, where RFC 5280 says so',
    'RFC 5280 §4.2',
  ),
  'extension-criticality-advice': warning(
    'extensions are critical, or not, where their standard recommends it',
    'RFC 5280 §4.2; RFC 6960 §4.2.2.2.1; RFC 6962 §3.3; RFC 7633 §6',
  ),
  'object-identifier-size': warning(
    'object identifiers have arcs of at most 31 bits, and at most 63 octets',
    'Go, encoding/asn1; pyca/cryptography',
  ),
  'unknown-extension': warning('the value of every extension is DER', 'RFC 5280 §4.1.2.9'),
  'cps-uri': warning('a CPS pointer is a URI', 'RFC 5280 §4.2.1.4'),
} as const

const parseRules = {
  'basic-constraints': error(
    'the basic constraints can be read, and have a path length only for a CA',
    'RFC 5280 §4.2.1.9',
  ),
  'key-usage': error(
    'the key usage is a BIT STRING of named bits without trailing zeros',
    'RFC 5280 §4.2.1.3; X.690 §11.2',
  ),
  'subject-alternative-name': error(
    'the subject alternative name holds well-formed names',
    'RFC 5280 §4.2.1.6',
  ),
  'issuer-alternative-name': error(
    'the issuer alternative name holds well-formed names',
    'RFC 5280 §4.2.1.7',
  ),
  'extended-key-usage': error(
    'the extended key usage names at least one purpose, each once',
    'RFC 5280 §4.2.1.12',
  ),
  'certificate-policies': error(
    'the certificate policies name at least one policy, each once, with well-formed qualifiers',
    'RFC 5280 §4.2.1.4',
  ),
  'subject-key-identifier': error(
    'the subject key identifier is that of the key, and not critical',
    'RFC 5280 §4.2.1.2',
  ),
  'authority-key-identifier': error(
    'the authority key identifier is that of the issuer, and not critical',
    'RFC 5280 §4.2.1.1',
  ),
  'name-constraints': error(
    'name constraints hold subtrees whose bases have the form of their kind, addresses without bits outside of their mask',
    'RFC 5280 §4.2.1.10',
  ),
  'distribution-points': error(
    'cRLDistributionPoints and freshestCRL hold points with a full name or an issuer',
    'RFC 5280 §4.2.1.13, §4.2.1.15',
  ),
  'info-access': error(
    'authorityInfoAccess and subjectInfoAccess hold well-formed locations',
    'RFC 5280 §4.2.2',
  ),
  'policy-mappings': error(
    'policy mappings hold at least one pair, without anyPolicy',
    'RFC 5280 §4.2.1.5',
  ),
  'policy-constraints': error(
    'policyConstraints and inhibitAnyPolicy can be read and are not empty',
    'RFC 5280 §4.2.1.11, §4.2.1.14',
  ),
  'certificate-transparency': error(
    'a list of signed certificate timestamps can be read; a poison is NULL and critical',
    'RFC 6962 §3.1, §3.3',
  ),
  'tls-feature': error('a TLS feature extension names at least one feature', 'RFC 7633 §4.1'),
  'ocsp-no-check': error('ocsp-nocheck is NULL', 'RFC 6960 §4.2.2.2.1'),
  'private-key-usage-period': error(
    'a private key usage period can be read and does not end before it begins',
    'RFC 3280 §4.2.1.4',
  ),
  'subject-directory-attributes': error(
    'subject directory attributes can be read, each with values in the order of DER',
    'RFC 5280 §4.2.1.8; X.690 §11.6',
  ),
  'vendor-extension': error(
    'extensions of Microsoft and Netscape, qcStatements and S/MIME capabilities have their form',
    '[MS-WCCE] §2.2.2.7.7; RFC 3739 §3.2.6; RFC 8551 §2.5.2',
  ),
} as const

/** Every rule, by its name. */
export const rules = {
  ...fieldRules,
  ...nameRules,
  ...generalNameRules,
  ...crossRules,
  ...parseRules,
} as const

export type RuleName = keyof typeof rules

/** A broken rule. */
export interface LintFinding extends LintRule {
  /** For messages, logs and documentation: `ca-basic-constraints-critical`. */
  readonly name: RuleName
  /** Which part of the certificate breaks the rule, and how; undefined where the rule says it all. */
  readonly detail: string | undefined
}

/** Collects findings. Only the first of each rule is kept, so their number is bounded. */
export class Report {
  readonly #findings = new Map<RuleName, LintFinding>()

  /** How often a rule was found broken, repeated breaches included. */
  breaches = 0

  add(name: RuleName, detail?: string): void {
    this.breaches += 1
    if (!this.#findings.has(name)) this.#findings.set(name, { name, ...rules[name], detail })
  }

  /** Errors first, each in the order of `rules`. */
  findings(): LintFinding[] {
    if (this.#findings.size === 0) return []
    const order = Object.keys(rules)
    const rank = ({ name, severity }: LintFinding): number =>
      order.indexOf(name) + (severity === 'error' ? 0 : order.length)
    return [...this.#findings.values()].toSorted((a, b) => rank(a) - rank(b))
  }
}
