/** Checks over the exact bytes that are about to be signed: RFC 5280, and what a CA promises. */
import { parseBasicConstraints } from '../x509/basic-constraints.ts'
import { parsePolicyIdentifiers } from '../x509/certificate-policies.ts'
import { parseTbsCertificate, type TbsCertificate } from '../x509/certificate.ts'
import { DerError } from '../x509/der-error.ts'
import { tags } from '../x509/der-reader.ts'
import { parseExtendedKeyUsage } from '../x509/extended-key-usage.ts'
import { findExtension } from '../x509/extensions.ts'
import { parseGeneralNames } from '../x509/general-name.ts'
import { parseAuthorityKeyIdentifier, parseSubjectKeyIdentifier } from '../x509/key-identifiers.ts'
import { parseKeyUsage } from '../x509/key-usage.ts'
import { isEmptyName } from '../x509/name.ts'
import { oids } from '../x509/oid.ts'
import { keyIdentifier } from '../x509/subject-public-key-info.ts'
import type { Issuer } from './issuer.ts'

/** Something that is wrong with a certificate. */
export interface LintFinding {
  /** For configuration and answers: `ca-basic-constraints-critical`. */
  readonly name: string
  /** The rule, in words. */
  readonly rule: string
  /** Where the rule comes from. */
  readonly source: string
}

interface Lint extends LintFinding {
  /** Whether the certificate keeps to the rule. May throw DerError for what cannot be read. */
  readonly holds: (certificate: TbsCertificate, issuer: Issuer | undefined) => boolean
}

const serialNumberOctetsMax = 20

/** DirectoryString, IA5String and NumericString; BIT STRING and SEQUENCE, as some attributes of X.520 are. */
const valueTags: ReadonlySet<number> = new Set([
  tags.utf8String,
  tags.printableString,
  tags.teletexString,
  tags.bmpString,
  tags.universalString,
  tags.ia5String,
  tags.numericString,
  tags.bitString,
  tags.sequence,
])

/** Every lint, in the order in which they are reported. */
export const lints: readonly Lint[] = [
  {
    name: 'version-3',
    rule: 'a certificate with extensions is of version 3',
    source: 'RFC 5280 §4.1.2.1',
    holds: ({ version }) => version === 3,
  },
  {
    name: 'serial-number',
    rule: 'the serial number is positive and of at most 20 octets',
    source: 'RFC 5280 §4.1.2.2',
    holds: ({ serialNumber }) =>
      serialNumber.length <= serialNumberOctetsMax && serialNumber.some((octet) => octet !== 0),
  },
  {
    name: 'issuer-not-empty',
    rule: 'the issuer is not empty',
    source: 'RFC 5280 §4.1.2.4',
    holds: ({ issuer }) => !isEmptyName(issuer),
  },
  {
    name: 'validity-order',
    rule: 'the validity does not end before it begins',
    source: 'RFC 5280 §4.1.2.5',
    holds: ({ notBefore, notAfter }) => notBefore <= notAfter,
  },
  {
    name: 'within-issuer',
    rule: 'the certificate does not outlive its issuer',
    source: 'AWS Private CA User Guide, Validity',
    holds: ({ notAfter }, issuer) => issuer === undefined || notAfter <= issuer.notAfter,
  },
  {
    name: 'empty-subject',
    rule: 'an empty subject belongs to an end entity with a critical subject alternative name',
    source: 'RFC 5280 §4.1.2.6, §4.2.1.6',
    holds: (certificate) =>
      !isEmptyName(certificate.subject) ||
      (!isCa(certificate) &&
        findExtension(certificate.extensions, oids.subjectAltName)?.critical === true),
  },
  {
    name: 'subject-value-types',
    rule: 'the values in the subject are of types that names may have',
    source: 'RFC 5280 §4.1.2.4, appendix A.1; X.520',
    holds: ({ subject }) => subject.rdns.flat().every(({ tag }) => valueTags.has(tag)),
  },
  {
    name: 'subject-alternative-name',
    rule: 'the subject alternative name holds well-formed names',
    source: 'RFC 5280 §4.2.1.6',
    holds: holdsIfPresent(oids.subjectAltName, (value) => parseGeneralNames(value).length > 0),
  },
  {
    name: 'ca-basic-constraints-critical',
    rule: 'the basic constraints of a CA are critical',
    source: 'RFC 5280 §4.2.1.9',
    holds: (certificate) =>
      !isCa(certificate) ||
      findExtension(certificate.extensions, oids.basicConstraints)?.critical === true,
  },
  {
    name: 'ca-key-cert-sign',
    rule: 'the key usage of a CA, if it has one, includes keyCertSign',
    source: 'RFC 5280 §4.2.1.3',
    holds: (certificate) =>
      !isCa(certificate) || keyUsageOf(certificate)?.has('keyCertSign') !== false,
  },
  {
    name: 'end-entity-key-cert-sign',
    rule: 'keyCertSign belongs to CAs',
    source: 'RFC 5280 §4.2.1.3, §4.2.1.9',
    holds: (certificate) =>
      isCa(certificate) || keyUsageOf(certificate)?.has('keyCertSign') !== true,
  },
  {
    name: 'key-usage-not-empty',
    rule: 'a key usage has at least one bit set',
    source: 'RFC 5280 §4.2.1.3',
    holds: (certificate) => keyUsageOf(certificate)?.size !== 0,
  },
  {
    name: 'extended-key-usage',
    rule: 'the extended key usage names at least one purpose, each once',
    source: 'RFC 5280 §4.2.1.12',
    holds: holdsIfPresent(oids.extendedKeyUsage, (value) => {
      const purposes = parseExtendedKeyUsage(value)
      return new Set(purposes).size === purposes.length
    }),
  },
  {
    name: 'certificate-policies',
    rule: 'the certificate policies name at least one policy, each once',
    source: 'RFC 5280 §4.2.1.4',
    holds: holdsIfPresent(oids.certificatePolicies, (value) => {
      const identifiers = parsePolicyIdentifiers(value)
      return new Set(identifiers).size === identifiers.length
    }),
  },
  {
    name: 'subject-key-identifier',
    rule: 'the subject key identifier is that of the key, and not critical',
    source: 'RFC 5280 §4.2.1.2',
    holds: ({ extensions, subjectPublicKeyInfo }) => {
      const extension = findExtension(extensions, oids.subjectKeyIdentifier)
      return (
        extension?.critical === false &&
        sameBytes(parseSubjectKeyIdentifier(extension.value), keyIdentifier(subjectPublicKeyInfo))
      )
    },
  },
  {
    name: 'authority-key-identifier',
    rule: 'the authority key identifier is that of the issuer, and not critical',
    source: 'RFC 5280 §4.2.1.1',
    holds: ({ extensions }, issuer) => {
      const extension = findExtension(extensions, oids.authorityKeyIdentifier)
      if (extension === undefined) return issuer === undefined
      const identifier = parseAuthorityKeyIdentifier(extension.value)
      const isIssuers =
        issuer === undefined ||
        (identifier !== undefined && sameBytes(identifier, issuer.keyIdentifier))
      return !extension.critical && isIssuers
    },
  },
  {
    name: 'name-constraints-ca',
    rule: 'name constraints belong to CAs',
    source: 'RFC 5280 §4.2.1.10',
    holds: (certificate) =>
      isCa(certificate) ||
      findExtension(certificate.extensions, oids.nameConstraints) === undefined,
  },
]

/**
 * What is wrong with the DER of a TBSCertificate; `issuer` undefined for a root that signs itself. What cannot be read
 * at all is a finding too.
 */
export function lintTbsCertificate(
  tbsCertificateDer: Uint8Array,
  issuer: Issuer | undefined,
): LintFinding[] {
  try {
    const certificate = parseTbsCertificate(tbsCertificateDer)
    return lints.filter((lint) => !holds(lint, certificate, issuer)).map(findingOf)
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    return [{ name: 'strict-der', rule: error.message, source: 'RFC 5280 §4.1, X.690' }]
  }
}

function holds(lint: Lint, certificate: TbsCertificate, issuer: Issuer | undefined): boolean {
  try {
    return lint.holds(certificate, issuer)
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    return false
  }
}

function findingOf({ name, rule, source }: Lint): LintFinding {
  return { name, rule, source }
}

function holdsIfPresent(oid: string, check: (value: Uint8Array) => boolean): Lint['holds'] {
  return ({ extensions }) => {
    const extension = findExtension(extensions, oid)
    return extension === undefined || check(extension.value)
  }
}

function isCa({ extensions }: TbsCertificate): boolean {
  const extension = findExtension(extensions, oids.basicConstraints)
  return extension !== undefined && parseBasicConstraints(extension.value).ca
}

function keyUsageOf({ extensions }: TbsCertificate): ReadonlySet<string> | undefined {
  const extension = findExtension(extensions, oids.keyUsage)
  return extension === undefined ? undefined : new Set(parseKeyUsage(extension.value))
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
