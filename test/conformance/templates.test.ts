/**
 * Tests of certificates from every template, with every CA key type and passthrough mode. OpenSSL, @peculiar/x509, pyca and
 * GnuTLS must read the values that AWS documents: the template overrides the API, which overrides the CSR.
 */
import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 requires this package
import 'reflect-metadata'
import * as peculiar from '@peculiar/x509'
import { csr } from '../support/csrs.ts'
import {
  createAuthority,
  createRoot,
  defaultSigningAlgorithm,
  issue,
  issueInput,
  type Issued,
} from '../support/hierarchy.ts'
import { TestService } from '../support/service.ts'
import { readWithGnutls, readWithPyca, type ForeignExtension } from './foreign-certificates.ts'
import { templateTable, type Source, type TemplateRow } from './template-table.ts'

const keyAlgorithms = ['RSA_2048', 'EC_prime256v1', 'ML_DSA_65'] as const
const modes = ['none', 'api', 'csr', 'both', 'conflicting'] as const
type Mode = (typeof modes)[number]

/** An expected extension, with its value as hexadecimal DER and in the form that a parser returns. */
interface ExpectedExtension extends ForeignExtension {
  readonly hex: string
}

interface Case {
  readonly row: TemplateRow
  readonly mode: Mode
  readonly label: string
  readonly issued: Issued
  readonly subject: readonly (readonly [string, string])[]
  readonly extensions: readonly ExpectedExtension[]
  readonly issuer: X509Certificate
}

const oid = {
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  crlDistributionPoints: '2.5.29.31',
  subjectAltName: '2.5.29.17',
  certificatePolicies: '2.5.29.32',
  custom: '1.3.6.1.4.1.99999.1',
  csrOnly: '1.3.6.1.4.1.99999.2',
  apiOnly: '1.3.6.1.4.1.99999.3',
}

/** Encodes an element as DER in hexadecimal. The element's contents must be shorter than 128 bytes. */
function tlv(tag: string, ...contents: string[]): string {
  const content = contents.join('')
  assert.ok(content.length < 256)
  return tag + (content.length / 2).toString(16).padStart(2, '0') + content
}

const hexOf = (text: string): string => Buffer.from(text).toString('hex')
const utf8 = (text: string): string => tlv('0c', hexOf(text))
const crl = (url: string): string =>
  tlv('30', tlv('30', tlv('a0', tlv('a0', tlv('86', hexOf(url))))))

const extensionOf = (
  type: string,
  critical: boolean,
  ...[hex, value = hex]: [hex: string, value?: unknown]
): ExpectedExtension => ({ oid: type, critical, hex, value })
const fromUrl = (url: string): ExpectedExtension =>
  extensionOf(oid.crlDistributionPoints, false, crl(url), [[['UniformResourceIdentifier', url]]])

const usageHex: Record<string, string> = {
  'digitalSignature,keyEncipherment': '030205a0',
  digitalSignature: '03020780',
  'digitalSignature,keyCertSign,cRLSign': '03020186',
}
const purposesHex: Record<string, string> = {
  '1.3.6.1.5.5.7.3.1,1.3.6.1.5.5.7.3.2': '301406082b0601050507030106082b06010505070302',
  '1.3.6.1.5.5.7.3.1': '300a06082b06010505070301',
  '1.3.6.1.5.5.7.3.2': '300a06082b06010505070302',
  '1.3.6.1.5.5.7.3.3': '300a06082b06010505070303',
  '1.3.6.1.5.5.7.3.9': '300a06082b06010505070309',
}

/** ApiPassthrough members, and the subject that corresponds to them. */
const api = {
  subject: [
    ['2.5.4.6', 'JP'],
    ['2.5.4.10', 'API'],
    ['2.5.4.3', 'api.example.com'],
  ] as const,
  Subject: { CommonName: 'api.example.com', Country: 'JP', Organization: 'API' },
  SubjectAlternativeNames: [{ DnsName: 'api.example.com' }],
  CertificatePolicies: [
    {
      CertPolicyId: '1.3.6.1.4.1.99999.10.1',
      PolicyQualifiers: [
        { PolicyQualifierId: 'CPS', Qualifier: { CpsUri: 'http://cps.example.com' } },
      ],
    },
  ],
  ExtendedKeyUsage: [
    { ExtendedKeyUsageType: 'DOCUMENT_SIGNING' },
    { ExtendedKeyUsageObjectIdentifier: '1.2.3.4' },
  ],
}
const apiSan = extensionOf(
  oid.subjectAltName,
  false,
  tlv('30', tlv('82', hexOf('api.example.com'))),
  [['DNSName', 'api.example.com']],
)
const apiPolicies = extensionOf(
  oid.certificatePolicies,
  false,
  tlv(
    '30',
    tlv(
      '30',
      tlv('06', '2b06010401868d1f0a01'),
      tlv('30', tlv('30', '06082b06010505070201', tlv('16', hexOf('http://cps.example.com')))),
    ),
  ),
  [['1.3.6.1.4.1.99999.10.1', ['http://cps.example.com']]],
)
const apiPurposes = extensionOf(
  oid.extendedKeyUsage,
  false,
  tlv('30', tlv('06', '2b0601040182370a030c'), '06032a0304'),
  ['1.3.6.1.4.1.311.10.3.12', '1.2.3.4'],
)

const isCa = ({ kind }: TemplateRow): boolean => kind !== 'end-entity'

function apiUsage(row: TemplateRow): { member: object; extension: ExpectedExtension } {
  return isCa(row)
    ? {
        member: { NonRepudiation: true, KeyCertSign: true, CRLSign: true, KeyAgreement: false },
        extension: extensionOf(oid.keyUsage, true, '03020146', [
          'nonRepudiation',
          'keyCertSign',
          'cRLSign',
        ]),
      }
    : {
        member: { NonRepudiation: true, KeyAgreement: true, EncipherOnly: true },
        extension: extensionOf(oid.keyUsage, true, '03020049', [
          'nonRepudiation',
          'keyAgreement',
          'encipherOnly',
        ]),
      }
}

const custom = (type: string, hex: string, critical?: boolean) => ({
  ObjectIdentifier: type,
  Value: Buffer.from(hex, 'hex').toString('base64'),
  ...(critical === undefined ? {} : { Critical: critical }),
})

/** Returns custom extensions that contradict values determined by the template or the CA. */
function contraryCustom(row: TemplateRow): object[] {
  return [
    custom(oid.crlDistributionPoints, crl('http://api.example.com/crl')),
    custom(oid.subjectKeyIdentifier, '04081111111111111111'),
    custom(oid.authorityKeyIdentifier, '300a80082222222222222222'),
    custom(oid.basicConstraints, isCa(row) ? '3000' : '30060101ff020105', !isCa(row)),
  ]
}

/** Returns the ApiPassthrough for a passthrough mode, with its extensions. */
function apiOf(
  row: TemplateRow,
  mode: Mode,
): { input: object; extensions: readonly ExpectedExtension[] } {
  const shared = custom(oid.custom, utf8('api'), false)
  const sharedExtension = extensionOf(oid.custom, false, utf8('api'))
  const { Subject, SubjectAlternativeNames, CertificatePolicies, ExtendedKeyUsage } = api
  if (mode === 'none' || mode === 'csr') return { input: {}, extensions: [] }
  if (mode === 'both') {
    const Extensions = { CustomExtensions: [shared], SubjectAlternativeNames }
    return {
      input: { ApiPassthrough: { Subject, Extensions } },
      extensions: [apiSan, sharedExtension],
    }
  }
  const usage = apiUsage(row)
  const conflicting = mode === 'conflicting'
  const CustomExtensions = [
    ...(conflicting ? contraryCustom(row) : []),
    shared,
    custom(oid.apiOnly, utf8('api-only'), true),
  ]
  const Extensions = {
    KeyUsage: usage.member,
    SubjectAlternativeNames,
    CertificatePolicies,
    ExtendedKeyUsage,
    CustomExtensions,
  }
  const identifier = extensionOf(
    oid.authorityKeyIdentifier,
    false,
    '300a80082222222222222222',
    '2222222222222222',
  )
  return {
    input: { ApiPassthrough: { Subject, Extensions } },
    extensions: [
      usage.extension,
      apiPurposes,
      apiSan,
      apiPolicies,
      ...(conflicting ? [fromUrl('http://api.example.com/crl'), identifier] : []),
      sharedExtension,
      extensionOf(oid.apiOnly, true, utf8('api-only')),
    ],
  }
}

const csrSan = extensionOf(
  oid.subjectAltName,
  false,
  tlv(
    '30',
    tlv('82', hexOf('server.example.com')),
    tlv('82', hexOf('*.example.com')),
    '8704c0000201',
    '871020010db8000000000000000000000001',
  ),
  [
    ['DNSName', 'server.example.com'],
    ['DNSName', '*.example.com'],
    ['IPAddress', '192.0.2.1'],
    ['IPAddress', '2001:db8::1'],
  ],
)

/** Returns the CSR for a passthrough mode, with its extensions. The CSR for a root comes from the CA and has no extensions. */
function csrOf(
  row: TemplateRow,
  mode: Mode,
): { name: string; extensions: readonly ExpectedExtension[] } {
  if (row.kind === 'root' || mode === 'none' || mode === 'api')
    return { name: 'ec-no-san', extensions: [] }
  const conflicting = mode === 'conflicting'
  const usage = isCa(row)
    ? [
        extensionOf(oid.keyUsage, false, '0302020c', ['keyAgreement', 'keyCertSign']),
        extensionOf(oid.extendedKeyUsage, true, '300a06082b06010505070304', ['1.3.6.1.5.5.7.3.4']),
      ]
    : [
        extensionOf(oid.keyUsage, true, '0303071880', [
          'dataEncipherment',
          'keyAgreement',
          'decipherOnly',
        ]),
        extensionOf(oid.extendedKeyUsage, false, '300a06082b06010505070308', ['1.3.6.1.5.5.7.3.8']),
      ]
  return {
    name: `asks-${conflicting ? 'contrary' : 'as'}-${isCa(row) ? 'ca' : 'entity'}`,
    extensions: [
      csrSan,
      ...usage,
      extensionOf(
        oid.certificatePolicies,
        false,
        tlv('30', tlv('30', tlv('06', '2b06010401868d1f0a02'))),
        [['1.3.6.1.4.1.99999.10.2', null]],
      ),
      extensionOf(oid.custom, false, utf8('csr')),
      extensionOf(oid.csrOnly, true, utf8('csr-only')),
      ...(conflicting ? [fromUrl('http://csr.example.com/crl')] : []),
    ],
  }
}

/** Returns the extensions that the template itself defines. */
function ownExtensions(
  row: TemplateRow,
  keys: { readonly subject: string; readonly authority: string },
): ExpectedExtension[] {
  const { ca, critical, pathLength } = row.basicConstraints
  const length = pathLength === null ? '' : tlv('02', `0${pathLength}`)
  const constraints = extensionOf(
    oid.basicConstraints,
    critical,
    tlv('30', ca ? '0101ff' : '', length),
    [ca, pathLength],
  )
  const { keyUsage, extendedKeyUsage } = row
  return [
    constraints,
    ...(row.authorityKeyIdentifier
      ? [
          extensionOf(
            oid.authorityKeyIdentifier,
            false,
            tlv('30', tlv('80', keys.authority)),
            keys.authority,
          ),
        ]
      : []),
    extensionOf(oid.subjectKeyIdentifier, false, tlv('04', keys.subject), keys.subject),
    ...(keyUsage === undefined
      ? []
      : [
          extensionOf(
            oid.keyUsage,
            keyUsage.critical,
            usageHex[keyUsage.names.join()] ?? '',
            keyUsage.names,
          ),
        ]),
    ...(extendedKeyUsage === undefined
      ? []
      : [
          extensionOf(
            oid.extendedKeyUsage,
            extendedKeyUsage.critical,
            purposesHex[extendedKeyUsage.purposes.join()] ?? '',
            extendedKeyUsage.purposes,
          ),
        ]),
  ]
}

/** OIDs of the extensions that come first, in order. All other extensions follow in the order of their source. */
const firstOids = [
  oid.basicConstraints,
  oid.authorityKeyIdentifier,
  oid.subjectKeyIdentifier,
  oid.keyUsage,
  oid.extendedKeyUsage,
  oid.crlDistributionPoints,
]

/** Returns the expected extensions: the template overrides the API, which overrides the CSR. */
function expectedExtensions(
  row: TemplateRow,
  mode: Mode,
  keys: { readonly subject: string; readonly authority: string },
): ExpectedExtension[] {
  const may = (source: Source, type: string): boolean =>
    (type === oid.crlDistributionPoints ? row.crlDistributionPointsSources : row.sources).includes(
      source,
    )
  const candidates = [
    ...ownExtensions(row, keys),
    ...apiOf(row, mode).extensions.filter((extension) => may('api', extension.oid)),
    ...csrOf(row, mode).extensions.filter(
      (extension) => extension.oid === oid.subjectAltName || may('csr', extension.oid),
    ),
  ]
  const winners = candidates.filter(
    (extension, index) => candidates.findIndex((other) => other.oid === extension.oid) === index,
  )
  const first = firstOids.flatMap((type) => winners.filter((winner) => winner.oid === type))
  return [...first, ...winners.filter((winner) => !first.includes(winner))]
}

function expectedSubject(row: TemplateRow, mode: Mode, own: Case['subject']): Case['subject'] {
  if (row.sources.includes('api') && mode !== 'none' && mode !== 'csr') return api.subject
  if (row.kind === 'root') return own
  return mode === 'none' || mode === 'api'
    ? [['2.5.4.3', 'plain.example.com']]
    : [
        ['2.5.4.6', 'FR'],
        ['2.5.4.10', 'CSR'],
        ['2.5.4.3', 'csr.example.com'],
      ]
}

/** Returns the SHA-1 hash of the public key's BIT STRING in the SubjectPublicKeyInfo that @peculiar/x509 reads. */
function keyIdentifierOf(key: peculiar.PublicKey): string {
  const spki = Buffer.from(key.rawData)
  // The BIT STRING is the last element: SEQUENCE { AlgorithmIdentifier, BIT STRING }.
  const headerLength = (at: number): number =>
    (spki[at + 1] ?? 0) < 0x80 ? 2 : 2 + ((spki[at + 1] ?? 0) & 0x7f)
  const start = headerLength(0)
  const algorithmEnd = start + headerLength(start) + (spki[start + 1] ?? 0)
  const bits = spki.subarray(algorithmEnd + headerLength(algorithmEnd) + 1)
  return createHash('sha1').update(bits).digest('hex')
}

let service: TestService
const cases: Case[] = []

before(async () => {
  service = await TestService.start()
  for (const keyAlgorithm of keyAlgorithms) await issueAll(keyAlgorithm)
})
after(() => service.close())

async function issueAll(keyAlgorithm: string): Promise<void> {
  const active = await createRoot(service, { keyAlgorithm })
  const pending = await createAuthority(service, { keyAlgorithm })
  const own = [
    ['2.5.4.10', 'Signet Test'],
    ['2.5.4.3', `ROOT ${keyAlgorithm}`],
  ] as const
  const authority = keyIdentifierOf(new peculiar.X509Certificate(active.certificate).publicKey)
  const combinations = templateTable.flatMap((row) => modes.map((mode) => ({ row, mode })))
  const issueCase = async ({ row, mode }: { row: TemplateRow; mode: Mode }): Promise<Case> => {
    const isRoot = row.kind === 'root'
    const request = isRoot ? pending.csr : csr(csrOf(row, mode).name)
    const issued = await issue(
      service,
      { arn: isRoot ? pending.arn : active.arn, csr: request },
      {
        template: row.name,
        signingAlgorithm: defaultSigningAlgorithm(keyAlgorithm),
        more: apiOf(row, mode).input as Record<string, unknown>,
      },
    )
    const subject = keyIdentifierOf(new peculiar.Pkcs10CertificateRequest(request).publicKey)
    return {
      row,
      mode,
      label: `${row.name} by ${keyAlgorithm}, passthrough ${mode}`,
      issued,
      subject: expectedSubject(row, mode, own),
      extensions: expectedExtensions(row, mode, { subject, authority }),
      issuer: new X509Certificate(isRoot ? issued.certificate : active.certificate),
    }
  }
  for (let index = 0; index < combinations.length; index += 16)
    cases.push(...(await Promise.all(combinations.slice(index, index + 16).map(issueCase))))
}

const pems = (): string[] => cases.map(({ issued }) => issued.certificate)

test('the table has 61 templates: 10 base, 15 CSRPassthrough, 21 APIPassthrough, 15 APICSRPassthrough', () => {
  const count = (pattern: RegExp): number =>
    templateTable.filter(({ name }) => pattern.test(name)).length
  assert.equal(new Set(templateTable.map(({ name }) => name)).size, 61)
  assert.deepEqual(
    [count(/(?<!Passthrough)$/), count(/_CSRP/), count(/_APIP/), count(/_APICSRP/)],
    [10, 15, 21, 15],
  )
  assert.equal(cases.length, 61 * keyAlgorithms.length * modes.length)
})

test('every extension has the expected bytes, criticality and position', () => {
  for (const { label, issued, extensions } of cases) {
    const found = Array.from(
      new peculiar.X509Certificate(issued.certificate).extensions,
      ({ type, critical, value }) => ({
        oid: type,
        critical,
        hex: Buffer.from(value).toString('hex'),
      }),
    )
    const expected = extensions.map(({ oid: type, critical, hex }) => ({
      oid: type,
      critical,
      hex,
    }))
    assert.deepEqual(found, expected, label)
  }
})

const shortNames: Record<string, string> = { '2.5.4.6': 'C', '2.5.4.10': 'O', '2.5.4.3': 'CN' }

test('OpenSSL verifies the certificates and reads the expected subject, names, key purposes and CA flag', () => {
  for (const { label, row, issued, subject, extensions, issuer } of cases) {
    const certificate = new X509Certificate(issued.certificate)
    const byOid = (type: string): ExpectedExtension | undefined =>
      extensions.find((extension) => extension.oid === type)
    assert.equal(certificate.verify(issuer.publicKey), true, label)
    assert.equal(
      certificate.subject,
      subject.map(([type, value]) => `${shortNames[type]}=${value}`).join('\n'),
      label,
    )
    assert.equal(certificate.issuer, row.kind === 'root' ? certificate.subject : issuer.subject)
    assert.equal(certificate.ca, row.basicConstraints.ca, label)
    assert.deepEqual(certificate.keyUsage, byOid(oid.extendedKeyUsage)?.value, label)
    assert.equal(certificate.subjectAltName, namesAsOpenssl(byOid(oid.subjectAltName)), label)
  }
})

function namesAsOpenssl(extension: ExpectedExtension | undefined): string | undefined {
  const names = extension?.value as [string, string][] | undefined
  return names
    ?.map(([kind, name]) =>
      kind === 'DNSName'
        ? `DNS:${name}`
        : `IP Address:${name.replace('2001:db8::1', '2001:DB8:0:0:0:0:0:1')}`,
    )
    .join(', ')
}

test('pyca reads the expected subject and extensions', async (t) => {
  const found = await readWithPyca(t, pems())
  if (found === undefined) return
  assert.equal(found.length, cases.length)
  for (const [index, { label, subject, extensions }] of cases.entries()) {
    assert.deepEqual(found[index]?.subject, subject, label)
    const expected = extensions.map(({ hex: _hex, ...extension }) => extension)
    assert.deepEqual(found[index]?.extensions, expected, label)
  }
})

const gnutlsTitles: Record<string, string> = {
  [oid.basicConstraints]: 'Basic Constraints',
  [oid.authorityKeyIdentifier]: 'Authority Key Identifier',
  [oid.subjectKeyIdentifier]: 'Subject Key Identifier',
  [oid.keyUsage]: 'Key Usage',
  [oid.extendedKeyUsage]: 'Key Purpose',
  [oid.crlDistributionPoints]: 'CRL Distribution points',
  [oid.subjectAltName]: 'Subject Alternative Name',
  [oid.certificatePolicies]: 'Certificate Policies',
}

test('GnuTLS reads the expected subject and extensions', async (t) => {
  const found = await readWithGnutls(t, pems())
  if (found === undefined) return
  assert.equal(found.length, cases.length)
  for (const [index, { label, subject, extensions }] of cases.entries()) {
    const reversed = subject.toReversed().map(([type, value]) => `${shortNames[type]}=${value}`)
    assert.equal(found[index]?.subject, reversed.join(), label)
    const expected = extensions.map(
      ({ oid: type, critical }) =>
        `${gnutlsTitles[type] ?? `Unknown extension ${type}`} (${critical ? '' : 'not '}critical)`,
    )
    assert.deepEqual(found[index]?.extensions, expected, label)
  }
})

/**
 * Templates whose key usage can contradict their basic constraints, with the source of the key usage and the lint rule for the
 * error.
 */
const contradictions = [
  ['BlankSubordinateCACertificate_PathLen0_APIPassthrough', 'api', 'ca-key-cert-sign'],
  ['BlankSubordinateCACertificate_PathLen1_APICSRPassthrough', 'api', 'ca-key-cert-sign'],
  ['BlankSubordinateCACertificate_PathLen0_CSRPassthrough', 'csr', 'ca-key-cert-sign'],
  ['BlankRootCACertificate_APIPassthrough', 'api', 'ca-key-cert-sign'],
  ['BlankRootCACertificate_PathLen2_APIPassthrough', 'api', 'ca-key-cert-sign'],
  ['BlankEndEntityCertificate_APIPassthrough', 'api', 'end-entity-key-cert-sign'],
  ['BlankEndEntityCertificate_CSRPassthrough', 'csr', 'end-entity-key-cert-sign'],
  [
    'BlankEndEntityCertificate_CriticalBasicConstraints_APICSRPassthrough',
    'api',
    'end-entity-key-cert-sign',
  ],
] as const

async function contradictingRequest(
  on: TestService,
  [template, source, lint]: (typeof contradictions)[number],
): Promise<{
  arn: string
  csr: string
  options: { template: string; more: Record<string, unknown> }
}> {
  const isRoot = template.startsWith('BlankRoot')
  const ca = isRoot ? await createAuthority(on) : await createRoot(on)
  const entity = lint === 'end-entity-key-cert-sign'
  const KeyUsage = entity ? { KeyCertSign: true } : { DigitalSignature: true, CRLSign: true }
  const csrName = entity ? 'entity-cert-sign' : 'ca-no-cert-sign'
  const more = source === 'api' ? { ApiPassthrough: { Extensions: { KeyUsage } } } : {}
  const request = isRoot ? ca.csr : csr(source === 'csr' ? csrName : 'ec-no-san')
  return { arn: ca.arn, csr: request, options: { template, more } }
}

for (const contradiction of contradictions)
  test(`${contradiction[0]} is rejected if its key usage contradicts its basic constraints: ${contradiction[2]}`, async () => {
    const { arn, csr: request, options } = await contradictingRequest(service, contradiction)
    assert.match(
      await service.refusal('IssueCertificate', issueInput(arn, request, options)),
      new RegExp(
        `^InvalidArgsException: The certificate would violate lint rules\\. ${contradiction[2]}: `,
      ),
    )
  })

for (const lint of ['off', 'warn'])
  test(`with --lint=${lint} a contradicting key usage is issued as requested`, async () => {
    const permissive = await TestService.start({ lint })
    try {
      for (const contradiction of contradictions) {
        const authority = await contradictingRequest(permissive, contradiction)
        const { certificate } = await issue(permissive, authority, authority.options)
        const [usage] = new peculiar.X509Certificate(certificate).getExtensions(
          peculiar.KeyUsagesExtension,
        )
        const entity = contradiction[2] === 'end-entity-key-cert-sign'
        const { keyCertSign, cRLSign, digitalSignature } = peculiar.KeyUsageFlags
        const requested = contradiction[1] === 'csr' ? digitalSignature : digitalSignature | cRLSign
        assert.equal(usage?.usages, entity ? keyCertSign : requested, contradiction[0])
        const [constraints] = new peculiar.X509Certificate(certificate).getExtensions(
          peculiar.BasicConstraintsExtension,
        )
        assert.equal(constraints?.ca, !entity, contradiction[0])
      }
    } finally {
      await permissive.close()
    }
  })

test('the key usage of a template overrides those of the API and the CSR', async () => {
  const root = await createRoot(service)
  const issuedUsage = async (
    template: string,
    KeyUsage: object,
    request: string,
  ): Promise<unknown> => {
    const more = { ApiPassthrough: { Extensions: { KeyUsage } } }
    const { certificate } = await issue(
      service,
      { arn: root.arn, csr: csr(request) },
      { template, more },
    )
    const [usage] = new peculiar.X509Certificate(certificate).getExtensions(
      peculiar.KeyUsagesExtension,
    )
    return usage?.usages
  }
  const { keyCertSign, cRLSign, digitalSignature, keyEncipherment } = peculiar.KeyUsageFlags
  assert.equal(
    await issuedUsage(
      'EndEntityCertificate_APICSRPassthrough',
      { KeyCertSign: true },
      'entity-cert-sign',
    ),
    digitalSignature | keyEncipherment,
  )
  assert.equal(
    await issuedUsage(
      'SubordinateCACertificate_PathLen0_APICSRPassthrough',
      { DigitalSignature: true },
      'ca-no-cert-sign',
    ),
    digitalSignature | keyCertSign | cRLSign,
  )
})
