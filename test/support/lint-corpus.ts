/** The lint corpus: certificates with at most one error each, and the rules that each certificate violates. */
import { generateKeyPairSync } from 'node:crypto'
import { signatureAlgorithmIdentifier } from '../../src/x509/algorithm-identifier.ts'
import { encodeBasicConstraints } from '../../src/x509/extensions/basic-constraints.ts'
import type { TbsCertificateFields } from '../../src/x509/certificate.ts'
import type { Extension } from '../../src/x509/extensions/extensions.ts'
import {
  encodeAuthorityKeyIdentifier,
  encodeSubjectKeyIdentifier,
} from '../../src/x509/extensions/key-identifiers.ts'
import { encodeKeyUsage, type KeyUsageBit } from '../../src/x509/extensions/key-usage.ts'
import { encodeName } from '../../src/x509/names/name.ts'
import { oids } from '../../src/x509/der/oid.ts'
import { keyIdentifier, parseSubjectPublicKeyInfo } from '../../src/x509/subject-public-key-info.ts'
import type { RuleName } from '../../src/lint/rules.ts'
import { extensionCases } from './lint-corpus-extensions.ts'
import { nameCases } from './lint-corpus-names.ts'

/** A certificate in the lint corpus. */
export interface LintCase {
  readonly title: string
  readonly fields: TbsCertificateFields
  /** Rules that the certificate violates, in any order. */
  readonly breaks: readonly RuleName[]
}

/** A name in the lint corpus: the subject, or the value of a subjectAltName, in DER. */
export interface NameCase {
  readonly title: string
  readonly subject?: Uint8Array
  readonly subjectAltName?: Uint8Array
  readonly breaks: readonly RuleName[]
}

/** An extension in the lint corpus. `ca`: whether the extension belongs to a CA certificate. */
export interface ExtensionCase {
  readonly title: string
  readonly extension: Extension
  readonly ca?: boolean
  readonly breaks: readonly RuleName[]
}

export const issuerKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const subjectKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const spkiOf = (keys: typeof issuerKeys): Uint8Array =>
  keys.publicKey.export({ format: 'der', type: 'spki' })
const identifierOf = (keys: typeof issuerKeys): Uint8Array =>
  keyIdentifier(parseSubjectPublicKeyInfo(spkiOf(keys)))

export const lintIssuer = {
  keyIdentifier: identifierOf(issuerKeys),
  notAfter: new Date('2060-01-01T00:00:00Z'),
}

export const ski: Extension = {
  oid: oids.subjectKeyIdentifier,
  critical: false,
  value: encodeSubjectKeyIdentifier(identifierOf(subjectKeys)),
}
export const aki: Extension = {
  oid: oids.authorityKeyIdentifier,
  critical: false,
  value: encodeAuthorityKeyIdentifier(lintIssuer.keyIdentifier),
}
export const basicConstraints = (ca: boolean, critical = ca): Extension => ({
  oid: oids.basicConstraints,
  critical,
  value: encodeBasicConstraints({ ca, pathLenConstraint: undefined }),
})
export const keyUsage = (bit: KeyUsageBit): Extension => ({
  oid: oids.keyUsage,
  critical: true,
  value: encodeKeyUsage([bit]),
})
export const san: Extension = {
  oid: oids.subjectAltName,
  critical: true,
  value: Buffer.from('3003820161', 'hex'),
}

/** An end-entity certificate that violates no rule. */
export const good: TbsCertificateFields = {
  serialNumber: Uint8Array.of(1),
  signatureAlgorithm: signatureAlgorithmIdentifier('SHA256WITHECDSA'),
  issuer: encodeName([{ type: oids.commonName, value: 'issuer' }]),
  notBefore: new Date('2026-01-01T00:00:00Z'),
  notAfter: new Date('2027-01-01T00:00:00Z'),
  subject: encodeName([{ type: oids.commonName, value: 'subject' }]),
  subjectPublicKeyInfo: spkiOf(subjectKeys),
  extensions: [basicConstraints(false), aki, ski],
}

const ca = basicConstraints(true)
const plain = [basicConstraints(false), aki, ski]
const empty = encodeName([])
/** Valid certificates, and certificates with errors in fields or in the combination of extensions. */
const fieldCases: readonly (readonly [
  string,
  Partial<TbsCertificateFields>,
  readonly RuleName[],
])[] = [
  ['nothing unusual', {}, []],
  ['a notAfter after 2049', { notAfter: new Date('2050-01-01T00:00:00Z') }, []],
  ['an empty subject', { subject: empty, extensions: [...plain, san] }, []],
  ['a CA', { extensions: [ca, aki, ski, keyUsage('keyCertSign')] }, []],
  ['serial number zero', { serialNumber: Uint8Array.of(0) }, ['serial-number']],
  [
    'a serial number of 20 bytes that needs a sign byte',
    { serialNumber: new Uint8Array(20).fill(0xff) },
    ['serial-number'],
  ],
  ['a serial number of 21 bytes', { serialNumber: new Uint8Array(21).fill(1) }, ['serial-number']],
  ['an empty issuer', { issuer: empty }, ['issuer-not-empty']],
  [
    'a notAfter before notBefore',
    { notAfter: new Date('2025-01-01T00:00:00Z') },
    ['validity-order'],
  ],
  [
    'a notAfter after that of the issuer',
    { notAfter: new Date('2060-01-01T00:00:01Z') },
    ['within-issuer'],
  ],
  [
    'an empty subject with a SAN that is not critical',
    { subject: empty, extensions: [...plain, { ...san, critical: false }] },
    ['empty-subject'],
  ],
  ['an empty subject without a SAN', { subject: empty }, ['empty-subject']],
  [
    'a CA without a subject',
    { subject: empty, extensions: [ca, aki, ski, san] },
    ['empty-subject'],
  ],
  [
    'a CA with basic constraints that are not critical',
    { extensions: [basicConstraints(true, false), aki, ski] },
    ['ca-basic-constraints-critical'],
  ],
  [
    'a CA without keyCertSign',
    { extensions: [ca, aki, ski, keyUsage('digitalSignature')] },
    ['ca-key-cert-sign'],
  ],
  [
    'an end entity with keyCertSign',
    { extensions: [...plain, keyUsage('keyCertSign')] },
    ['end-entity-key-cert-sign'],
  ],
  [
    'keyCertSign without basic constraints',
    { extensions: [aki, ski, keyUsage('keyCertSign')] },
    ['end-entity-key-cert-sign'],
  ],
  ['no SKI', { extensions: [aki] }, ['subject-key-identifier']],
  ['a critical SKI', { extensions: [aki, { ...ski, critical: true }] }, ['subject-key-identifier']],
  [
    'the SKI of another key',
    { extensions: [aki, { ...ski, value: encodeSubjectKeyIdentifier(new Uint8Array(20)) }] },
    ['subject-key-identifier'],
  ],
  ['no AKI', { extensions: [ski] }, ['authority-key-identifier']],
  [
    'a critical AKI',
    { extensions: [{ ...aki, critical: true }, ski] },
    ['authority-key-identifier'],
  ],
  [
    'the AKI of another key',
    { extensions: [{ ...aki, value: encodeAuthorityKeyIdentifier(new Uint8Array(20)) }, ski] },
    ['authority-key-identifier'],
  ],
  ['an extension twice', { extensions: [aki, aki, ski] }, ['strict-der']],
]

function extensionFields({ extension, ca: isCa = false }: ExtensionCase): TbsCertificateFields {
  const extensions = [basicConstraints(isCa), aki, ski].filter(({ oid }) => oid !== extension.oid)
  return { ...good, extensions: [...extensions, extension] }
}

function nameFields({ subject = good.subject, subjectAltName }: NameCase): TbsCertificateFields {
  const extensions =
    subjectAltName === undefined
      ? good.extensions
      : [...good.extensions, { ...san, critical: false, value: subjectAltName }]
  return { ...good, subject, extensions }
}

export const lintCorpus: readonly LintCase[] = [
  ...fieldCases.map(([title, change, breaks]) => ({
    title,
    fields: { ...good, ...change },
    breaks,
  })),
  ...nameCases.map((each) => ({
    title: each.title,
    fields: nameFields(each),
    breaks: each.breaks,
  })),
  ...extensionCases.map((each) => ({
    title: each.title,
    fields: extensionFields(each),
    breaks: each.breaks,
  })),
]
