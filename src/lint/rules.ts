/**
 * The lint rules and their severities. With `--lint=error`, a certificate that violates an error rule is rejected, and violations
 * of warning rules are logged. For operators, the rules are listed in docs/reference/lint-rules.md.
 */
type Severity = 'error' | 'warning'

interface LintRule {
  readonly severity: Severity
  /** Requirement, as a sentence for messages and documentation. */
  readonly rule: string
  /** Standard or software that imposes the requirement. */
  readonly source: string
}

const error = (rule: string, source: string): LintRule => ({ severity: 'error', rule, source })
const warning = (rule: string, source: string): LintRule => ({ severity: 'warning', rule, source })

const fieldRules = {
  'strict-der': error('the certificate must be strict DER', 'RFC 5280 §4.1, X.690'),
  'version-3': error('a certificate with extensions must have version 3', 'RFC 5280 §4.1.2.1'),
  'serial-number': error(
    'the serial number must be positive and at most 20 bytes long',
    'RFC 5280 §4.1.2.2',
  ),
  'issuer-not-empty': error('the issuer must not be empty', 'RFC 5280 §4.1.2.4'),
  'validity-order': error('notAfter must not be before notBefore', 'RFC 5280 §4.1.2.5'),
  'validity-encoding': error(
    'dates through 2049 must be encoded as UTCTime, and later dates as GeneralizedTime',
    'RFC 5280 §4.1.2.5',
  ),
  'within-issuer': error(
    'the certificate must not expire after its issuer',
    'AWS Private CA User Guide, Validity',
  ),
  'empty-subject': error(
    'the subject may be empty only in an end-entity certificate with a critical subject alternative name',
    'RFC 5280 §4.1.2.6, §4.2.1.6',
  ),
} as const

const nameRules = {
  'subject-value-types': error(
    'each value in a name must have an ASN.1 type that its attribute allows',
    'RFC 5280 §4.1.2.4, appendix A.1; X.520',
  ),
  'name-characters': error(
    'strings in names must contain only characters that their string type allows',
    'RFC 5280 §4.1.2.4; X.680 §41',
  ),
  'name-control-characters': error(
    'strings in names must not contain control characters or noncharacters',
    'X.520 §6; Unicode §23.1, §23.7',
  ),
  'name-value-empty': error('strings in names must not be empty', 'RFC 5280 appendix A.1; X.520'),
  'name-value-blank': warning(
    'strings in names should not consist only of white space',
    'RFC 5280 §7.1',
  ),
  'name-value-length': error(
    'strings in names must not be longer than the upper bound for their attribute; a country code must have two characters',
    'RFC 5280 appendix A.1',
  ),
  'name-set-order': error(
    'the attributes of an RDN must be in DER order',
    'RFC 5280 §4.1.2.4; X.690 §11.6',
  ),
  'name-string-type': warning(
    'strings in names should have the type that RFC 5280 defines for their attribute',
    'RFC 5280 §4.1.2.4, appendix A.1',
  ),
  'name-legacy-string': warning(
    'strings in names should not be encoded as TeletexString or BMPString',
    'RFC 5280 §4.1.2.4',
  ),
  'name-invisible-characters': warning(
    'names should not contain characters that change the text direction',
    'Unicode TR 36 §3.1',
  ),
  'name-repeated-attribute': warning(
    'an RDN should contain each attribute type at most once',
    'X.501 §9.3',
  ),
} as const

const generalNameRules = {
  'dns-name': error(
    'a dNSName must be a host name of at most 253 characters, with labels of 1 to 63 letters, digits and hyphens; an asterisk is only allowed as the entire first label',
    'RFC 5280 §4.2.1.6; RFC 1034 §3.5; RFC 1123 §2.1',
  ),
  'dns-name-form': warning(
    'a dNSName should not have underscores, and its labels should not begin or end with a hyphen',
    'RFC 1034 §3.5',
  ),
  'mail-address': error(
    'an rfc822Name must be a valid mailbox',
    'RFC 5280 §4.2.1.6; RFC 5321 §4.1.2',
  ),
  uri: error(
    'a URI must be absolute and well-formed, and its authority, if present, must have a host',
    'RFC 5280 §4.2.1.6; RFC 3986',
  ),
  'directory-name': error('a directoryName must not be empty', 'RFC 5280 §4.2.1.6'),
  'other-name': error(
    'the value of an otherName must be DER and not an empty string',
    'RFC 5280 §4.2.1.6',
  ),
  'edi-party-name': error(
    'an ediPartyName must contain nonempty strings',
    'RFC 5280 §4.2.1.6, appendix A.2',
  ),
  'x400-address': error('the content of an x400Address must be DER', 'RFC 5280 §4.2.1.6'),
} as const

const crossRules = {
  'ca-basic-constraints-critical': error(
    'the basic constraints of a CA must be critical',
    'RFC 5280 §4.2.1.9',
  ),
  'ca-key-cert-sign': error(
    'the key usage of a CA, if present, must include keyCertSign',
    'RFC 5280 §4.2.1.3',
  ),
  'end-entity-key-cert-sign': error(
    'only CAs may have the key usage keyCertSign',
    'RFC 5280 §4.2.1.3, §4.2.1.9',
  ),
  'key-usage-not-empty': error(
    'a key usage extension must have at least one bit set',
    'RFC 5280 §4.2.1.3',
  ),
  'key-usage-agreement': warning(
    'encipherOnly and decipherOnly should occur only together with keyAgreement',
    'RFC 5280 §4.2.1.3',
  ),
  'name-constraints-ca': error('only CAs may have name constraints', 'RFC 5280 §4.2.1.10'),
  'policy-extension-ca': warning(
    'only CAs should have policyMappings, policyConstraints or inhibitAnyPolicy',
    'RFC 5280 §4.2.1.5, §4.2.1.11, §4.2.1.14',
  ),
  'extension-criticality': error(
    'extensions must be critical or noncritical as RFC 5280 requires',
    'RFC 5280 §4.2',
  ),
  'extension-criticality-advice': warning(
    'extensions should be critical or noncritical as their standards recommend',
    'RFC 5280 §4.2; RFC 6960 §4.2.2.2.1; RFC 6962 §3.3; RFC 7633 §6',
  ),
  'object-identifier-size': warning(
    'object identifiers should have arcs of at most 31 bits and an encoding of at most 63 bytes',
    'Go, encoding/asn1; pyca/cryptography',
  ),
  'unknown-extension': warning(
    'the value of an unknown extension should be DER',
    'RFC 5280 §4.1.2.9',
  ),
  'cps-uri': warning('a CPS pointer should be a URI', 'RFC 5280 §4.2.1.4'),
} as const

const parseRules = {
  'basic-constraints': error(
    'the basic constraints must be well-formed, and only a CA may have a path length',
    'RFC 5280 §4.2.1.9',
  ),
  'key-usage': error(
    'the key usage must be a BIT STRING of named bits without trailing zero bits',
    'RFC 5280 §4.2.1.3; X.690 §11.2',
  ),
  'subject-alternative-name': error(
    'the subject alternative name must contain well-formed names',
    'RFC 5280 §4.2.1.6',
  ),
  'issuer-alternative-name': error(
    'the issuer alternative name must contain well-formed names',
    'RFC 5280 §4.2.1.7',
  ),
  'extended-key-usage': error(
    'the extended key usage must contain at least one purpose, and no duplicate purpose',
    'RFC 5280 §4.2.1.12',
  ),
  'certificate-policies': error(
    'the certificate policies must contain at least one policy, no duplicate policy, and only well-formed qualifiers',
    'RFC 5280 §4.2.1.4',
  ),
  'subject-key-identifier': error(
    'the subject key identifier must match the public key and must not be critical',
    'RFC 5280 §4.2.1.2',
  ),
  'authority-key-identifier': error(
    'the authority key identifier must match the issuer and must not be critical',
    'RFC 5280 §4.2.1.1',
  ),
  'name-constraints': error(
    'the base of every subtree in name constraints must be well-formed, and an address must not have bits outside its mask',
    'RFC 5280 §4.2.1.10',
  ),
  'distribution-points': error(
    'every distribution point in cRLDistributionPoints and freshestCRL must have a full name or a CRL issuer',
    'RFC 5280 §4.2.1.13, §4.2.1.15',
  ),
  'info-access': error(
    'authorityInfoAccess and subjectInfoAccess must contain well-formed locations',
    'RFC 5280 §4.2.2',
  ),
  'policy-mappings': error(
    'policy mappings must contain at least one pair of policies, and must not contain anyPolicy',
    'RFC 5280 §4.2.1.5',
  ),
  'policy-constraints': error(
    'policyConstraints and inhibitAnyPolicy must be well-formed and not empty',
    'RFC 5280 §4.2.1.11, §4.2.1.14',
  ),
  'certificate-transparency': error(
    'a list of signed certificate timestamps must be well-formed; a precertificate poison must be NULL and critical',
    'RFC 6962 §3.1, §3.3',
  ),
  'tls-feature': error('a TLS feature extension must list at least one feature', 'RFC 7633 §4.1'),
  'ocsp-no-check': error('the value of ocsp-nocheck must be NULL', 'RFC 6960 §4.2.2.2.1'),
  'private-key-usage-period': error(
    'a private key usage period must be well-formed and must not end before it begins',
    'RFC 3280 §4.2.1.4',
  ),
  'subject-directory-attributes': error(
    'subject directory attributes must be well-formed, and the values of each attribute must be in DER order',
    'RFC 5280 §4.2.1.8; X.690 §11.6',
  ),
  'vendor-extension': error(
    'Microsoft and Netscape extensions, qcStatements and S/MIME capabilities must be well-formed',
    '[MS-WCCE] §2.2.2.7.7; RFC 3739 §3.2.6; RFC 8551 §2.5.2',
  ),
} as const

/** All lint rules, keyed by name. */
export const rules = {
  ...fieldRules,
  ...nameRules,
  ...generalNameRules,
  ...crossRules,
  ...parseRules,
} as const

export type RuleName = keyof typeof rules

/** A violated lint rule. */
export interface LintFinding extends LintRule {
  /** Identifier of the rule, such as `ca-basic-constraints-critical`. */
  readonly name: RuleName
  /** The part of the certificate that violates the rule, and how; undefined if the rule's text is specific enough. */
  readonly detail: string | undefined
}

/** Collects lint findings. Only the first finding for each rule is kept, so the number of findings is bounded. */
export class Report {
  readonly #findings = new Map<RuleName, LintFinding>()

  /** Number of calls to `add`, including calls for rules that already have a finding. */
  breaches = 0

  add(name: RuleName, detail?: string): void {
    this.breaches += 1
    if (!this.#findings.has(name)) this.#findings.set(name, { name, ...rules[name], detail })
  }

  /** Returns the errors followed by the warnings, both in the order of `rules`. */
  findings(): LintFinding[] {
    if (this.#findings.size === 0) return []
    const order = Object.keys(rules)
    const rank = ({ name, severity }: LintFinding): number =>
      order.indexOf(name) + (severity === 'error' ? 0 : order.length)
    return [...this.#findings.values()].toSorted((a, b) => rank(a) - rank(b))
  }
}
