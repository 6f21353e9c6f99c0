/**
 * Tests certificates for ten thousand random valid requests. OpenSSL, pyca and GnuTLS must read the requested values from every
 * certificate. Re-encoding a parsed TBSCertificate must produce the same bytes.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, X509Certificate, type KeyObject } from 'node:crypto'
import { before, test } from 'node:test'
import * as fc from 'fast-check'
import { acceptCsr } from '../../src/issuance/accept-csr.ts'
import { requireLinted, type IssuancePolicy } from '../../src/issuance/issuance-policy.ts'
import { issuerOf, type Issuer } from '../../src/issuance/issuer.ts'
import {
  encodePassthrough,
  noPassthrough,
  type ApiPassthrough,
} from '../../src/issuance/passthrough.ts'
import type { CertificatePointers } from '../../src/issuance/certificate-pointers.ts'
import { prepareCertificate, requireReadBack } from '../../src/issuance/prepare-certificate.ts'
import { requireTemplate } from '../../src/issuance/templates.ts'
import { certificatePeriod, type Validity } from '../../src/issuance/validity.ts'
import type { SigningAlgorithm } from '../../src/authority/algorithms.ts'
import { signatureAlgorithmIdentifier } from '../../src/x509/algorithm-identifier.ts'
import {
  encodeBasicConstraints,
  parseBasicConstraints,
} from '../../src/x509/extensions/basic-constraints.ts'
import {
  encodeCertificate,
  encodeTbsCertificate,
  parseCertificate,
  type TbsCertificate,
} from '../../src/x509/certificate.ts'
import {
  encodeCertificationRequest,
  encodeCertificationRequestInfo,
} from '../../src/x509/certification-request.ts'
import { encodeElement, encodeSequence, encodeSetOf } from '../../src/x509/der/writer.ts'
import {
  encodeExtendedKeyUsage,
  parseExtendedKeyUsage,
} from '../../src/x509/extensions/extended-key-usage.ts'
import type { Extension } from '../../src/x509/extensions/extensions.ts'
import { encodeGeneralNames, parseGeneralNames } from '../../src/x509/names/general-name.ts'
import {
  encodeAuthorityKeyIdentifier,
  encodeSubjectKeyIdentifier,
  parseAuthorityKeyIdentifier,
  parseSubjectKeyIdentifier,
} from '../../src/x509/extensions/key-identifiers.ts'
import { encodeKeyUsage, keyUsageBits, parseKeyUsage } from '../../src/x509/extensions/key-usage.ts'
import type { Name } from '../../src/x509/names/name.ts'
import { encodeOidElement } from '../../src/x509/der/oid.ts'
import { encodePem } from '../../src/x509/pem.ts'
import { createRoot, defaultSigningAlgorithm, issue } from '../support/hierarchy.ts'
import { TestService } from '../support/service.ts'
import {
  readWithGnutls,
  readWithPyca,
  type ForeignCertificate,
  type ForeignExtension,
} from './foreign-certificates.ts'
import { templateTable, type TemplateRow } from './template-table.ts'

const policy: IssuancePolicy = { lint: 'error', weakKeys: 'refuse', verifySignatures: 'ca' }
const seed = Number(process.env['SIGNET_FUZZ_SEED'] ?? 20_261_125)
const requestsCount = Number(process.env['SIGNET_FUZZ_REQUESTS'] ?? 1000)
const servedCount = 100

interface KeyPair {
  readonly privateKey: KeyObject
  readonly spki: Uint8Array
  readonly algorithm: SigningAlgorithm
  readonly hash: string | null
}

function keyPair(
  pair: { privateKey: KeyObject; publicKey: KeyObject },
  algorithm: SigningAlgorithm,
  hash: string | null,
): KeyPair {
  const spki = pair.publicKey.export({ format: 'der', type: 'spki' })
  return { privateKey: pair.privateKey, spki, algorithm, hash }
}

const pairs: readonly KeyPair[] = [
  keyPair(generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'SHA256WITHECDSA', 'sha256'),
  keyPair(generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'SHA384WITHECDSA', 'sha384'),
  keyPair(generateKeyPairSync('rsa', { modulusLength: 2048 }), 'SHA256WITHRSA', 'sha256'),
  keyPair(generateKeyPairSync('ml-dsa-44'), 'ML_DSA_44', null),
]

/** A name or extension in a request, in DER and in pyca's form. */
interface SampleName {
  readonly der: Uint8Array
  readonly pyca: readonly (readonly [string, string])[]
}
interface SampleExtension extends ForeignExtension {
  readonly der: Uint8Array
}

interface Sample {
  readonly row: TemplateRow
  readonly key: number
  readonly caKey: number
  readonly csrSubject: SampleName
  readonly csrExtensions: readonly SampleExtension[]
  readonly api: ApiPassthrough
  readonly apiSubject: SampleName['pyca'] | undefined
  readonly apiExtensions: readonly ForeignExtension[]
  readonly now: number
  readonly days: number
  readonly notBefore: number | undefined
  readonly serialNumber: Uint8Array
  readonly pointers: CertificatePointers
}

// Generators of certificate requests.

const text = fc.oneof(
  fc.string({ unit: fc.constantFrom(...Array.from('aZ09 .-')), minLength: 1, maxLength: 30 }),
  fc.string({
    unit: fc.constantFrom(...Array.from('äßЖ日本🔒"\\,+=#<>;é')),
    minLength: 1,
    maxLength: 20,
  }),
)
const printable = fc.string({
  unit: fc.constantFrom(...Array.from("abcXYZ019 '()+,-./:=?")),
  minLength: 1,
  maxLength: 20,
})
const label = fc.string({
  unit: fc.constantFrom(...Array.from('abcxyz0189')),
  minLength: 1,
  maxLength: 12,
})
const domain = fc
  .tuple(fc.constantFrom('', '*.', 'xn--'), fc.array(label, { minLength: 2, maxLength: 4 }))
  .map(([prefix, labels]) => prefix + labels.join('.'))
/** OID arcs up to the largest arc that pyca can parse. */
const arc = fc.oneof(fc.nat(200), fc.nat(2 ** 28 - 1))
const privateOid = fc
  .array(arc, { minLength: 1, maxLength: 4 })
  .map((arcs) => `1.3.6.1.4.1.99999.${arcs.join('.')}`)

const csrAttributes = ['2.5.4.3', '2.5.4.10', '2.5.4.11', '2.5.4.7', '2.5.4.8', '2.5.4.12']

/** Attributes in every string type that OpenSSL, pyca and GnuTLS can all read. */
const csrAttribute = fc
  .tuple(
    fc.constantFrom(...csrAttributes),
    fc.oneof(
      text.map((value) => ({ tag: 0x0c, value, content: Buffer.from(value) })),
      printable.map((value) => ({ tag: 0x13, value, content: Buffer.from(value) })),
      printable.map((value) => ({
        tag: 0x1e,
        value,
        content: Buffer.from(value, 'utf16le').swap16(),
      })),
    ),
  )
  .map(([type, { tag, value, content }]) => ({
    der: encodeSequence(encodeOidElement(type), encodeElement(tag, content)),
    pyca: [type, value] as const,
  }))

const csrName: fc.Arbitrary<SampleName> = fc
  .array(csrAttribute, { minLength: 1, maxLength: 6 })
  .map((attributes) => ({
    der: encodeSequence(...attributes.map(({ der }) => encodeSetOf([der]))),
    pyca: attributes.map(({ pyca }) => pyca),
  }))

const standardMembers = [
  ['Country', '2.5.4.6'],
  ['Organization', '2.5.4.10'],
  ['OrganizationalUnit', '2.5.4.11'],
  ['DistinguishedNameQualifier', '2.5.4.46'],
  ['State', '2.5.4.8'],
  ['CommonName', '2.5.4.3'],
  ['SerialNumber', '2.5.4.5'],
  ['Locality', '2.5.4.7'],
  ['Title', '2.5.4.12'],
  ['Surname', '2.5.4.4'],
  ['GivenName', '2.5.4.42'],
  ['Initials', '2.5.4.43'],
  ['Pseudonym', '2.5.4.65'],
  ['GenerationQualifier', '2.5.4.44'],
] as const

interface ApiName {
  readonly member: NonNullable<ApiPassthrough['Subject']>
  readonly pyca: SampleName['pyca']
}

const standardName: fc.Arbitrary<ApiName> = fc
  .tuple(
    fc.subarray([...standardMembers], { minLength: 1 }),
    fc.array(text, { minLength: 14, maxLength: 14 }),
    printable,
  )
  .map(([members, values, plain]) => {
    const valueOf = (member: string, index: number): string => {
      const value = values[index] ?? 'x'
      if (member === 'Country') return 'DE'
      if (['DistinguishedNameQualifier', 'SerialNumber'].includes(member)) return plain
      return ['Initials', 'GenerationQualifier'].includes(member)
        ? Array.from(value).slice(0, 3).join('')
        : Array.from(value).slice(0, 16).join('')
    }
    const chosen = members.map(
      ([member, type], index) => [member, type, valueOf(member, index)] as const,
    )
    return {
      member: Object.fromEntries(chosen.map(([member, , value]) => [member, value])),
      pyca: chosen.map(([, type, value]) => [type, value] as const),
    }
  })

const customName: fc.Arbitrary<ApiName> = fc
  .array(fc.tuple(fc.oneof(privateOid, fc.constantFrom(...csrAttributes)), text), {
    minLength: 1,
    maxLength: 6,
  })
  .map((pyca) => ({
    member: {
      CustomAttributes: pyca.map(([ObjectIdentifier, Value]) => ({ ObjectIdentifier, Value })),
    },
    pyca,
  }))

const apiName = fc.oneof(standardName, customName)

/** A general name in the API's form and in pyca's form. */
interface SampleGeneralName {
  readonly member: Record<string, unknown>
  readonly pyca: readonly unknown[]
  readonly tag: number
  readonly content: Uint8Array
}

const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 })
const ipv6 = fc.tuple(
  fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 }),
  fc.nat(2),
)
const ascii = (member: string, pyca: string, tag: number) => (value: string) => ({
  member: { [member]: value },
  pyca: [pyca, value],
  tag,
  content: Buffer.from(value),
})

/** Returns the canonical text of an IPv6 address, as computed by the URL parser. */
function canonical(groups: readonly number[]): string {
  const full = groups.map((group) => group.toString(16)).join(':')
  return new URL(`http://[${full}]/`).hostname.slice(1, -1)
}

/** Maximum length of IpAddress in AWS's service model. */
const addressLengthMax = 39

/** Returns one of the text forms in RFC 4291 §2.2 that the API accepts. */
function ipv6Text(groups: readonly number[], form: number): string {
  const full = groups.map((group) => group.toString(16).padStart(form === 1 ? 4 : 1, '0'))
  if (form === 0) return canonical(groups)
  if (form === 1) return full.join(':').toUpperCase()
  const [high = 0, low = 0] = groups.slice(6)
  const quad = [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
  const mixed = [...full.slice(0, 6), quad].join(':')
  return mixed.length > addressLengthMax ? canonical(groups) : mixed
}

const generalName: fc.Arbitrary<SampleGeneralName> = fc.oneof(
  domain.map(ascii('DnsName', 'DNSName', 0x82)),
  fc
    .tuple(label, domain)
    .map(([user, host]) => `${user}@${host.replace('*.', '')}`)
    .map(ascii('Rfc822Name', 'RFC822Name', 0x81)),
  domain
    .map((host) => `https://${host.replace('*.', '')}/a?b=c#d`)
    .map(ascii('UniformResourceIdentifier', 'UniformResourceIdentifier', 0x86)),
  ipv4.map((bytes) => ({
    member: { IpAddress: bytes.join('.') },
    pyca: ['IPAddress', bytes.join('.')],
    tag: 0x87,
    content: bytes,
  })),
  ipv6.map(([groups, form]) => ({
    member: { IpAddress: ipv6Text(groups, form) },
    pyca: ['IPAddress', canonical(groups)],
    tag: 0x87,
    content: Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])),
  })),
  privateOid.map((oid) => ({
    member: { RegisteredId: oid },
    pyca: ['RegisteredID', oid],
    tag: 0x88,
    content: encodeOidElement(oid).subarray(2),
  })),
  fc.tuple(privateOid, text).map(([TypeId, Value]) => {
    const value = encodeElement(0x0c, Buffer.from(Value))
    return {
      member: { OtherName: { TypeId, Value } },
      pyca: ['OtherName', TypeId, Buffer.from(value).toString('hex')],
      tag: 0xa0,
      content: Buffer.concat([encodeOidElement(TypeId), encodeElement(0xa0, value)]),
    }
  }),
)
const generalNames = fc.array(generalName, { minLength: 1, maxLength: 12 })

const extension = (
  oid: string,
  critical: boolean,
  [der, value]: readonly [Uint8Array, unknown],
): SampleExtension => ({ oid, critical, der, value })

const keyUsageOf = (ca: boolean) =>
  fc.subarray([...keyUsageBits], { minLength: 1 }).map((bits) => {
    const chosen = new Set(bits)
    if (ca) chosen.add('keyCertSign')
    else chosen.delete('keyCertSign')
    if (chosen.size === 0) chosen.add('digitalSignature')
    // Without keyAgreement, the meaning of encipherOnly and decipherOnly is undefined.
    if (chosen.has('encipherOnly') || chosen.has('decipherOnly')) chosen.add('keyAgreement')
    return keyUsageBits.filter((bit) => chosen.has(bit))
  })

const purposeOids = {
  SERVER_AUTH: '1.3.6.1.5.5.7.3.1',
  CLIENT_AUTH: '1.3.6.1.5.5.7.3.2',
  CODE_SIGNING: '1.3.6.1.5.5.7.3.3',
  EMAIL_PROTECTION: '1.3.6.1.5.5.7.3.4',
  TIME_STAMPING: '1.3.6.1.5.5.7.3.8',
  OCSP_SIGNING: '1.3.6.1.5.5.7.3.9',
  SMART_CARD_LOGIN: '1.3.6.1.4.1.311.20.2.2',
  DOCUMENT_SIGNING: '1.3.6.1.4.1.311.10.3.12',
  CERTIFICATE_TRANSPARENCY: '1.3.6.1.4.1.11129.2.4.4',
} as const
type Purpose = keyof typeof purposeOids
const purpose = fc.oneof(
  fc.constantFrom(...(Object.keys(purposeOids) as Purpose[])).map((name) => ({
    member: { ExtendedKeyUsageType: name },
    oid: purposeOids[name] as string,
  })),
  privateOid.map((oid) => ({ member: { ExtendedKeyUsageObjectIdentifier: oid }, oid })),
)
const purposes = fc.uniqueArray(purpose, {
  minLength: 1,
  maxLength: 6,
  selector: ({ oid }) => oid,
})
const policies = fc.uniqueArray(fc.tuple(privateOid, fc.array(domain, { maxLength: 2 })), {
  minLength: 1,
  maxLength: 4,
  selector: ([oid]) => oid,
})
const customs = fc.uniqueArray(
  fc.tuple(privateOid, fc.boolean(), fc.uint8Array({ maxLength: 200 })),
  { maxLength: 4, selector: ([oid]) => oid },
)
const customDer = (bytes: Uint8Array): Uint8Array => encodeElement(0x04, bytes)
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const memberOf: Record<string, string> = {
  digitalSignature: 'DigitalSignature',
  nonRepudiation: 'NonRepudiation',
  keyEncipherment: 'KeyEncipherment',
  dataEncipherment: 'DataEncipherment',
  keyAgreement: 'KeyAgreement',
  keyCertSign: 'KeyCertSign',
  cRLSign: 'CRLSign',
  encipherOnly: 'EncipherOnly',
  decipherOnly: 'DecipherOnly',
}

function apiOptions(
  ca: boolean,
): fc.Arbitrary<Pick<Sample, 'api' | 'apiSubject' | 'apiExtensions'>> {
  const options = fc.record({
    subject: fc.option(apiName, { nil: undefined }),
    usage: fc.option(keyUsageOf(ca), { nil: undefined }),
    purposes: fc.option(purposes, { nil: undefined }),
    names: fc.option(generalNames, { nil: undefined }),
    policies: fc.option(policies, { nil: undefined }),
    customs,
  })
  return options.map((sample) => {
    const extensions: ForeignExtension[] = []
    const members: Record<string, unknown> = {}
    if (sample.usage !== undefined) {
      members['KeyUsage'] = Object.fromEntries(
        sample.usage.map((bit) => [memberOf[bit] ?? bit, true]),
      )
      extensions.push({ oid: '2.5.29.15', critical: true, value: sample.usage })
    }
    if (sample.purposes !== undefined) {
      members['ExtendedKeyUsage'] = sample.purposes.map(({ member }) => member)
      const value = sample.purposes.map(({ oid }) => oid)
      extensions.push({ oid: '2.5.29.37', critical: false, value })
    }
    if (sample.names !== undefined) {
      members['SubjectAlternativeNames'] = sample.names.map(({ member }) => member)
      const value = sample.names.map(({ pyca }) => pyca)
      extensions.push({ oid: '2.5.29.17', critical: false, value })
    }
    if (sample.policies !== undefined) {
      members['CertificatePolicies'] = sample.policies.map(([CertPolicyId, uris]) => ({
        CertPolicyId,
        ...(uris.length > 0 && {
          PolicyQualifiers: uris.map((CpsUri) => ({
            PolicyQualifierId: 'CPS',
            Qualifier: { CpsUri },
          })),
        }),
      }))
      const value = sample.policies.map(([oid, uris]) => [oid, uris.length === 0 ? null : uris])
      extensions.push({ oid: '2.5.29.32', critical: false, value })
    }
    if (sample.customs.length > 0)
      members['CustomExtensions'] = sample.customs.map(([ObjectIdentifier, Critical, bytes]) => ({
        ObjectIdentifier,
        Value: Buffer.from(customDer(bytes)).toString('base64'),
        Critical,
      }))
    for (const [oid, critical, bytes] of sample.customs)
      extensions.push({ oid, critical, value: hexOf(customDer(bytes)) })
    const Subject = sample.subject && { Subject: sample.subject.member }
    return {
      api: { ...Subject, Extensions: members },
      apiSubject: sample.subject?.pyca,
      apiExtensions: extensions,
    }
  })
}

/** Generates the CSR. The CSR's SAN is critical, so the subject may be empty. */
function csrOptions(ca: boolean): fc.Arbitrary<Pick<Sample, 'csrSubject' | 'csrExtensions'>> {
  const options = fc.record({
    subject: csrName,
    named: fc.boolean(),
    usage: fc.option(keyUsageOf(ca), { nil: undefined }),
    purposes: fc.option(purposes, { nil: undefined }),
    names: fc.option(generalNames, { nil: undefined }),
    customs,
    order: fc.nat(),
  })
  return options.map((sample) => {
    const extensions = sample.customs.map(([oid, critical, bytes]) =>
      extension(oid, critical, [customDer(bytes), hexOf(customDer(bytes))]),
    )
    const add = (...added: SampleExtension[]): unknown =>
      extensions.splice(sample.order % (extensions.length + 1), 0, ...added)
    const { usage, names } = sample
    if (usage !== undefined) add(extension('2.5.29.15', true, [encodeKeyUsage(usage), usage]))
    if (sample.purposes !== undefined) {
      const value = sample.purposes.map(({ oid }) => oid)
      add(extension('2.5.29.37', false, [encodeExtendedKeyUsage(value), value]))
    }
    if (names !== undefined) {
      const der = encodeSequence(...names.map(({ tag, content }) => encodeElement(tag, content)))
      add(extension('2.5.29.17', true, [der, names.map(({ pyca }) => pyca)]))
    }
    const empty = !ca && !sample.named && names !== undefined
    return {
      csrSubject: empty ? { der: encodeSequence(), pyca: [] } : sample.subject,
      csrExtensions: extensions,
    }
  })
}

const url = fc
  .tuple(domain, label)
  .map(([host, path]) => `http://${host.replace('*.', '')}/${path}`)
const pointers: fc.Arbitrary<CertificatePointers> = fc.record(
  { crlUri: url, ocspUri: url, caIssuersUri: url },
  { requiredKeys: [] },
)

const sampleArbitrary: fc.Arbitrary<Sample> = fc.constantFrom(...templateTable).chain((row) =>
  fc
    .tuple(
      fc.record({
        key: fc.nat(pairs.length - 1),
        caKey: fc.nat(pairs.length - 1),
        now: fc.integer({ min: 1_767_225_600, max: 6_000_000_000 }),
        days: fc.integer({ min: 1, max: 40_000 }),
        notBefore: fc.option(fc.integer({ min: 0, max: 1_767_225_600 }), { nil: undefined }),
        serialNumber: fc
          .uint8Array({ minLength: 16, maxLength: 16 })
          .filter((bytes) => bytes.some((byte) => byte !== 0)),
        pointers,
      }),
      csrOptions(row.kind !== 'end-entity'),
      apiOptions(row.kind !== 'end-entity'),
    )
    .map(([rest, fromCsr, fromApi]) => ({ row, ...rest, ...fromCsr, ...fromApi })),
)

// Expected contents of certificates.

const firstOids = [
  '2.5.29.19',
  '2.5.29.35',
  '2.5.29.14',
  '2.5.29.15',
  '2.5.29.37',
  '2.5.29.31',
  '1.3.6.1.5.5.7.1.1',
] as const

interface Expected {
  readonly subject: SampleName['pyca']
  readonly extensions: readonly ForeignExtension[]
}

/**
 * Returns the expected contents: the template overrides the API, which overrides the CSR. Key identifiers have no expected value.
 */
function expectedOf(sample: Sample): Expected {
  const { row, csrExtensions, csrSubject, apiExtensions, apiSubject } = sample
  const { basicConstraints, keyUsage, extendedKeyUsage } = row
  const fromApi = row.sources.includes('api')
  const subject = fromApi ? (apiSubject ?? csrSubject.pyca) : csrSubject.pyca
  const own: ForeignExtension[] = [
    {
      oid: '2.5.29.19',
      critical: basicConstraints.critical,
      value: [basicConstraints.ca, basicConstraints.pathLength],
    },
    ...(row.authorityKeyIdentifier
      ? [{ oid: '2.5.29.35', critical: false, value: undefined }]
      : []),
    { oid: '2.5.29.14', critical: false, value: undefined },
    ...(keyUsage ? [{ oid: '2.5.29.15', critical: true, value: keyUsage.names }] : []),
    ...(extendedKeyUsage
      ? [
          {
            oid: '2.5.29.37',
            critical: extendedKeyUsage.critical,
            value: extendedKeyUsage.purposes,
          },
        ]
      : []),
    ...(row.kind === 'root' ? [] : expectedPointers(sample.pointers)),
  ]
  const api = fromApi ? apiExtensions : []
  const csr = csrExtensions
    .filter(({ oid }) => oid === '2.5.29.17' || row.sources.includes('csr'))
    .map(({ der: _der, ...pyca }) => pyca)
  const all = [
    ...own,
    ...api.map((given) =>
      given.oid === '2.5.29.17' && subject.length === 0 ? { ...given, critical: true } : given,
    ),
    ...csr,
  ]
  const winners = all.filter(
    ({ oid }, index) => all.findIndex((other) => other.oid === oid) === index,
  )
  const first = firstOids.flatMap((type) => winners.filter(({ oid }) => oid === type))
  return { subject, extensions: [...first, ...winners.filter((winner) => !first.includes(winner))] }
}

function expectedPointers({ crlUri, ocspUri, caIssuersUri }: CertificatePointers) {
  const named = (uri: string) => ['UniformResourceIdentifier', uri]
  const locations = [
    ...(ocspUri === undefined ? [] : [['1.3.6.1.5.5.7.48.1', named(ocspUri)]]),
    ...(caIssuersUri === undefined ? [] : [['1.3.6.1.5.5.7.48.2', named(caIssuersUri)]]),
  ]
  return [
    ...(crlUri === undefined
      ? []
      : [{ oid: '2.5.29.31', critical: false, value: [[named(crlUri)]] }]),
    ...(ocspUri === undefined
      ? []
      : [{ oid: '1.3.6.1.5.5.7.1.1', critical: false, value: locations }]),
  ]
}

/** Removes the values of AKI and SKI, which the expected extensions do not contain. */
function withoutIdentifiers(extensions: readonly ForeignExtension[]): ForeignExtension[] {
  return extensions.map((found) =>
    ['2.5.29.35', '2.5.29.14'].includes(found.oid) ? { ...found, value: undefined } : found,
  )
}

/** Re-encodes a parsed TBSCertificate from its parts: names, times and known extensions. */
function reencode(tbs: TbsCertificate): Uint8Array {
  return encodeTbsCertificate({
    serialNumber: tbs.serialNumber,
    signatureAlgorithm: encodeSequence(
      encodeOidElement(tbs.signatureAlgorithm.oid),
      ...(tbs.signatureAlgorithm.parameters === undefined
        ? []
        : [tbs.signatureAlgorithm.parameters]),
    ),
    issuer: reencodeName(tbs.issuer),
    notBefore: tbs.notBefore,
    notAfter: tbs.notAfter,
    subject: reencodeName(tbs.subject),
    subjectPublicKeyInfo: encodeSequence(
      tbs.subjectPublicKeyInfo.algorithm.der,
      encodeElement(0x03, Uint8Array.of(0), tbs.subjectPublicKeyInfo.subjectPublicKey),
    ),
    extensions: tbs.extensions.map(reencodeExtension),
  })
}

function reencodeName({ rdns }: Name): Uint8Array {
  const content = (tag: number, value: string): Uint8Array =>
    tag === 0x1e ? Buffer.from(value, 'utf16le').swap16() : Buffer.from(value)
  return encodeSequence(
    ...rdns.map((rdn) =>
      encodeSetOf(
        rdn.map(({ type, tag, value }) =>
          encodeSequence(encodeOidElement(type), encodeElement(tag, content(tag, value))),
        ),
      ),
    ),
  )
}

const reencoders: Record<string, (value: Uint8Array) => Uint8Array> = {
  '2.5.29.19': (value) => encodeBasicConstraints(parseBasicConstraints(value)),
  '2.5.29.35': (value) => {
    const identifier = parseAuthorityKeyIdentifier(value)
    assert.ok(identifier)
    return encodeAuthorityKeyIdentifier(identifier)
  },
  '2.5.29.14': (value) => encodeSubjectKeyIdentifier(parseSubjectKeyIdentifier(value)),
  '2.5.29.15': (value) => encodeKeyUsage(parseKeyUsage(value)),
  '2.5.29.37': (value) => encodeExtendedKeyUsage(parseExtendedKeyUsage(value)),
  '2.5.29.17': (value) => encodeGeneralNames(parseGeneralNames(value)),
}

function reencodeExtension({ oid, critical, value }: Extension): Extension {
  return { oid, critical, value: reencoders[oid]?.(value) ?? value }
}

// Functions that create the certificates.

function signWith(pair: KeyPair, message: Uint8Array): Uint8Array {
  return sign(pair.hash, message, pair.privateKey)
}

function csrOf({ key, csrSubject, csrExtensions }: Sample, pair = pairs[key]): string {
  assert.ok(pair)
  const info = encodeCertificationRequestInfo({
    subject: csrSubject.der,
    subjectPublicKeyInfo: pair.spki,
    extensions: csrExtensions.map(({ oid, critical, der }) => ({ oid, critical, value: der })),
  })
  const algorithm = signatureAlgorithmIdentifier(pair.algorithm)
  return encodePem(
    'CERTIFICATE REQUEST',
    encodeCertificationRequest(info, algorithm, signWith(pair, info)),
  )
}

const lastInstant: Validity = { type: 'END_DATE', value: 99_991_231_235_959 }
const serialNumber = Uint8Array.of(1)

/** Creates a self-signed root with a key. */
async function rootOf(pair: KeyPair): Promise<{ issuer: Issuer; certificate: X509Certificate }> {
  const name = encodeSequence(
    encodeSetOf([
      encodeSequence(encodeOidElement('2.5.4.3'), encodeElement(0x0c, Buffer.from('R'))),
    ]),
  )
  const info = encodeCertificationRequestInfo({ subject: name, subjectPublicKeyInfo: pair.spki })
  const algorithm = signatureAlgorithmIdentifier(pair.algorithm)
  const request = encodeCertificationRequest(info, algorithm, signWith(pair, info))
  const csr = await acceptCsr(Buffer.from(encodePem('CERTIFICATE REQUEST', request)), policy)
  const now = new Date('2026-01-01T00:00:00Z')
  const der = buildCertificate(pair, {
    template: requireTemplate('RootCACertificate'),
    csr,
    passthrough: noPassthrough,
    period: certificatePeriod({ validity: lastInstant }, now),
    issuedAt: now,
    serialNumber,
    signingAlgorithm: pair.algorithm,
    pointers: {},
  })
  const path = { certificate: parseCertificate(der), chain: [] }
  return {
    issuer: issuerOf(path, { usageMode: 'GENERAL_PURPOSE', keyHandle: 'test' }),
    certificate: new X509Certificate(Buffer.from(der)),
  }
}

/** Prepares, lints and signs a certificate, and returns its DER. */
function buildCertificate(
  pair: KeyPair,
  parameters: Parameters<typeof prepareCertificate>[0],
  issuer?: Issuer,
): Uint8Array {
  const { subjectPublicKeyInfo } = parameters.csr.request
  const prepared = prepareCertificate(
    parameters,
    issuer ?? { keyHandle: 'test', subjectPublicKeyInfo },
  )
  requireLinted(prepared.findings, policy)
  requireReadBack(prepared)
  const { tbsCertificateDer, signatureAlgorithm } = prepared
  return encodeCertificate(tbsCertificateDer, signatureAlgorithm, signWith(pair, tbsCertificateDer))
}

/** Issues a certificate using the pure functions and the test's keys. A root certificate is self-signed. */
async function issueWithoutServer(
  sample: Sample,
): Promise<{ der: Uint8Array; issuer: X509Certificate }> {
  const { row, now, days, notBefore } = sample
  const isRoot = row.kind === 'root'
  const pair = pairs[isRoot ? sample.key : sample.caKey]
  const root = roots[isRoot ? sample.key : sample.caKey]
  assert.ok(pair && root)
  const validity: Validity = { type: 'DAYS', value: days }
  const start: Validity | undefined =
    notBefore === undefined ? undefined : { type: 'ABSOLUTE', value: notBefore }
  const parameters = {
    template: requireTemplate(row.name),
    csr: await acceptCsr(Buffer.from(csrOf(sample)), policy),
    passthrough: row.sources.includes('api') ? encodePassthrough(sample.api) : noPassthrough,
    period: certificatePeriod({ validity, notBefore: start }, new Date(now * 1000)),
    issuedAt: new Date(now * 1000),
    serialNumber: sample.serialNumber,
    signingAlgorithm: pair.algorithm,
    pointers: sample.pointers,
  }
  return {
    der: buildCertificate(pair, parameters, isRoot ? undefined : root.issuer),
    issuer: root.certificate,
  }
}

const roots: { issuer: Issuer; certificate: X509Certificate }[] = []
const samples: readonly Sample[] = fc.sample(sampleArbitrary, { seed, numRuns: requestsCount })
before(async () => {
  for (const pair of pairs) roots.push(await rootOf(pair))
})

const isoSeconds = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19)
const notBeforeOf = ({ notBefore, now }: Sample): number => notBefore ?? now - 3600
const notAfterOf = ({ now, days }: Sample): number => now + days * 86_400
const serialOf = (sample: Sample): bigint => BigInt(`0x${hexOf(sample.serialNumber)}`)

test(`${requestsCount} requests with seed ${seed} produce the requested certificates with the pure functions`, async (t) => {
  const pems: string[] = []
  for (const [index, sample] of samples.entries()) {
    const title = `request ${index} of seed ${seed}: ${sample.row.name}`
    const { der, issuer } = await issueWithoutServer(sample)
    const openssl = new X509Certificate(Buffer.from(der))
    assert.equal(openssl.verify(issuer.publicKey), true, title)
    assert.equal(BigInt(`0x${openssl.serialNumber}`), serialOf(sample), title)
    assert.equal(openssl.validFromDate.getTime(), notBeforeOf(sample) * 1000, title)
    assert.equal(openssl.validToDate.getTime(), notAfterOf(sample) * 1000, title)
    const spki = openssl.publicKey.export({ format: 'der', type: 'spki' })
    assert.equal(hexOf(spki), hexOf(pairs[sample.key]?.spki ?? new Uint8Array()), title)
    const parsed = parseCertificate(der)
    assert.deepEqual(Buffer.from(reencode(parsed)), Buffer.from(parsed.tbsCertificateDer), title)
    pems.push(encodePem('CERTIFICATE', der))
  }
  await t.test('pyca reads the requested values', async (inner) => {
    const found = await readWithPyca(inner, pems)
    if (found === undefined) return
    assert.equal(found.length, samples.length)
    for (const [index, sample] of samples.entries()) {
      const title = `request ${index} of seed ${seed}: ${sample.row.name}`
      const { subject, extensions } = expectedOf(sample)
      const certificate: ForeignCertificate | undefined = found[index]
      assert.ok(certificate)
      assert.deepEqual(certificate.subject, subject, title)
      assert.deepEqual(withoutIdentifiers(certificate.extensions), extensions, title)
      assert.equal(certificate.from, isoSeconds(notBeforeOf(sample)), title)
      assert.equal(certificate.to, isoSeconds(notAfterOf(sample)), title)
      assert.equal(BigInt(certificate.serial), serialOf(sample), title)
    }
  })
  await t.test('GnuTLS reads the same extensions', async (inner) => {
    const found = await readWithGnutls(inner, pems)
    if (found === undefined) return
    assert.equal(found.length, samples.length)
    for (const [index, sample] of samples.entries())
      assertGnutlsExtensions(found[index]?.extensions, sample, index)
  })
})

const gnutlsTitles: Record<string, string> = {
  '2.5.29.19': 'Basic Constraints',
  '2.5.29.35': 'Authority Key Identifier',
  '2.5.29.14': 'Subject Key Identifier',
  '2.5.29.15': 'Key Usage',
  '2.5.29.37': 'Key Purpose',
  '2.5.29.31': 'CRL Distribution points',
  '1.3.6.1.5.5.7.1.1': 'Authority Information Access',
  '2.5.29.17': 'Subject Alternative Name',
  '2.5.29.32': 'Certificate Policies',
}

function assertGnutlsExtensions(
  found: readonly string[] | undefined,
  sample: Sample,
  index: number,
): void {
  const titles = expectedOf(sample).extensions.map(
    ({ oid, critical }) =>
      `${gnutlsTitles[oid] ?? `Unknown extension ${oid}`} (${critical ? '' : 'not '}critical)`,
  )
  assert.deepEqual(found, titles, `request ${index} of seed ${seed}: ${sample.row.name}`)
}

test(`${servedCount} of the requests produce the requested certificates with a running server`, async (t) => {
  const service = await TestService.start()
  try {
    const keyAlgorithms = ['EC_prime256v1', 'EC_secp384r1', 'RSA_2048', 'ML_DSA_44']
    const authorities = await Promise.all(
      keyAlgorithms.map((keyAlgorithm) => createRoot(service, { keyAlgorithm })),
    )
    const served: readonly Sample[] = samples
      .filter(({ row }) => row.kind !== 'root')
      .slice(0, servedCount)
      .map((sample) => ({ ...sample, pointers: {} }))
    const pems: string[] = []
    for (const sample of served) {
      const authority = authorities[sample.caKey]
      assert.ok(authority)
      const issued = await issue(
        service,
        { arn: authority.arn, csr: csrOf(sample) },
        {
          template: sample.row.name,
          signingAlgorithm: defaultSigningAlgorithm(keyAlgorithms[sample.caKey] ?? ''),
          more: { ApiPassthrough: sample.api },
        },
      )
      const issuer = new X509Certificate(authority.certificate)
      assert.equal(new X509Certificate(issued.certificate).verify(issuer.publicKey), true)
      pems.push(issued.certificate)
    }
    const found = await readWithPyca(t, pems)
    if (found === undefined) return
    assert.equal(found.length, servedCount)
    for (const [index, sample] of served.entries()) {
      const { subject, extensions } = expectedOf(sample)
      const title = `request ${index} of seed ${seed}: ${sample.row.name}`
      assert.deepEqual(found[index]?.subject, subject, title)
      assert.deepEqual(withoutIdentifiers(found[index]?.extensions ?? []), extensions, title)
    }
  } finally {
    await service.close()
  }
})
