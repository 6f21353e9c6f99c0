/** Tests of ApiPassthrough and CsrExtensions on a running server. Independent parsers read the results. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 requires this package
import 'reflect-metadata'
import * as peculiar from '@peculiar/x509'
import { csr } from '../support/csrs.ts'
import { tool } from '../support/foreign-tools.ts'
import {
  authorityInput,
  createAuthority,
  createRoot,
  issue,
  issueInput,
} from '../support/hierarchy.ts'
import { TestService } from '../support/service.ts'

const run = promisify(execFile)

let service: TestService
let root: { arn: string; csr: string; certificate: string }
before(async () => {
  service = await TestService.start()
  root = await createRoot(service)
})
after(() => service.close())

const blank = 'BlankEndEntityCertificate_APIPassthrough'

async function pemWith(
  passthrough: object,
  { template = blank, request = 'ec-no-san' } = {},
): Promise<string> {
  const more = { ApiPassthrough: passthrough }
  const authority = { arn: root.arn, csr: csr(request) }
  return (await issue(service, authority, { template, more })).certificate
}

const certificateWith = async (
  ...args: Parameters<typeof pemWith>
): Promise<peculiar.X509Certificate> => new peculiar.X509Certificate(await pemWith(...args))

/** The value of an extension in hexadecimal, preceded by `critical` if the extension is critical. */
function extensionHex(certificate: peculiar.X509Certificate, oid: string): string | undefined {
  const extension = certificate.getExtension(oid)
  if (extension === null) return undefined
  const hex = Buffer.from(extension.value).toString('hex')
  return extension.critical ? `critical ${hex}` : hex
}

function refusalOf(passthrough: object, template = blank): Promise<string> {
  const more = { ApiPassthrough: passthrough }
  return service.refusal(
    'IssueCertificate',
    issueInput(root.arn, csr('ec-no-san'), { template, more }),
  )
}

const hexOf = (text: string): string => Buffer.from(text).toString('hex')
const tlv = (tag: string, content: string): string =>
  tag + (content.length / 2).toString(16).padStart(2, '0') + content

const everyAttribute = {
  GenerationQualifier: 'Jr.',
  Pseudonym: 'P',
  Initials: 'I',
  GivenName: 'Gérard',
  Surname: 'S',
  Title: 'T',
  Locality: 'L',
  SerialNumber: '7',
  CommonName: 'Grüße 🔒',
  State: 'ST',
  DistinguishedNameQualifier: 'Q',
  OrganizationalUnit: 'OU',
  Organization: 'O',
  Country: 'DE',
}

test('all fourteen subject attributes are encoded in the order of the API model, each with its string type', async () => {
  const certificate = await certificateWith({ Subject: everyAttribute })
  const rdn = (type: string, tag: string, text: string): string =>
    tlv('31', tlv('30', tlv('06', type) + tlv(tag, hexOf(text))))
  const name = [
    rdn('550406', '13', 'DE'),
    rdn('55040a', '0c', 'O'),
    rdn('55040b', '0c', 'OU'),
    rdn('55042e', '13', 'Q'),
    rdn('550408', '0c', 'ST'),
    rdn('550403', '0c', 'Grüße 🔒'),
    rdn('550405', '13', '7'),
    rdn('550407', '0c', 'L'),
    rdn('55040c', '0c', 'T'),
    rdn('550404', '0c', 'S'),
    rdn('55042a', '0c', 'Gérard'),
    rdn('55042b', '0c', 'I'),
    rdn('550441', '0c', 'P'),
    rdn('55042c', '0c', 'Jr.'),
  ].join('')
  const length = (name.length / 2).toString(16)
  const found = Buffer.from(certificate.subjectName.toArrayBuffer()).toString('hex')
  assert.equal(found, `3081${length}${name}`)
})

test('custom attributes are encoded in the given order with their string types, and cannot be combined with standard ones', async () => {
  const CustomAttributes = [
    { ObjectIdentifier: '1.3.6.1.4.1.37244.1.3', Value: 'FFF1' },
    { ObjectIdentifier: '2.5.4.6', Value: 'FR' },
    { ObjectIdentifier: '0.9.2342.19200300.100.1.25', Value: 'example' },
    { ObjectIdentifier: '1.2.840.113549.1.9.1', Value: 'a@example.com' },
    { ObjectIdentifier: '2.5.4.3', Value: 'ä' },
    { ObjectIdentifier: '2.5.4.3', Value: 'again' },
  ]
  const certificate = await certificateWith({ Subject: { CustomAttributes } })
  const values = certificate.subjectName.toJSON().map((rdn) => Object.values(rdn).flat()[0])
  assert.deepEqual(
    values,
    CustomAttributes.map(({ Value }) => Value),
  )
  const bytes = Buffer.from(certificate.subjectName.toArrayBuffer()).toString('hex')
  for (const part of ['0c0446464631', '13024652', '16076578616d706c65', '160d61', '0c02c3a4'])
    assert.ok(bytes.includes(part), part)
  assert.match(
    await refusalOf({ Subject: { CommonName: 'x', CustomAttributes } }),
    /^InvalidArgsException: ApiPassthrough\.Subject\.CustomAttributes cannot be combined with standard attributes/,
  )
  const custom = (ObjectIdentifier: string): Promise<string> =>
    refusalOf({ Subject: { CustomAttributes: [{ ObjectIdentifier, Value: 'x' }] } })
  assert.match(
    await custom('1.02.3'),
    /^InvalidArgsException: '1\.02\.3' in ApiPassthrough\.Subject\.CustomAttributes is not/,
  )
  for (const text of ['nonsense', '1.99.3', '3.1'])
    assert.match(await custom(text), /^ValidationException: .*[oO]bjectIdentifier/)
})

test('a subject or directory name without attributes is refused', async () => {
  for (const Subject of [{}, { CommonName: '' }])
    assert.equal(
      await refusalOf({ Subject }),
      'InvalidArgsException: ApiPassthrough.Subject must have at least one attribute.',
    )
  const SubjectAlternativeNames = [{ DirectoryName: {} }]
  assert.equal(
    await refusalOf({ Extensions: { SubjectAlternativeNames } }),
    'InvalidArgsException: ApiPassthrough.Extensions.SubjectAlternativeNames[0].DirectoryName must have at least one attribute.',
  )
})

test('a subject in ApiPassthrough replaces the CSR subject entirely; otherwise the CSR subject is used', async () => {
  const replaced = await certificateWith({ Subject: { Title: 'T' } }, { request: 'odd-subject' })
  assert.equal(
    Buffer.from(replaced.subjectName.toArrayBuffer()).toString('hex'),
    '300c310a3008060355040c0c0154',
  )
  const request = new peculiar.Pkcs10CertificateRequest(csr('odd-subject'))
  const kept = await certificateWith({ Extensions: {} }, { request: 'odd-subject' })
  assert.deepEqual(kept.subjectName.toArrayBuffer(), request.subjectName.toArrayBuffer())
})

const usages: [string, string][] = [
  ['DigitalSignature', '03020780'],
  ['NonRepudiation', '03020640'],
  ['KeyEncipherment', '03020520'],
  ['DataEncipherment', '03020410'],
  ['KeyAgreement', '03020308'],
  ['CRLSign', '03020102'],
  ['EncipherOnly', '03020001'],
  ['DecipherOnly', '0303070080'],
]

test('each key usage bit is encoded in minimal DER and critical, and false bits are ignored', async () => {
  for (const [member, hex] of usages) {
    const KeyUsage = { KeyCertSign: false, [member]: true }
    const certificate = await certificateWith({ Extensions: { KeyUsage } })
    assert.equal(extensionHex(certificate, '2.5.29.15'), `critical ${hex}`, member)
  }
  const KeyUsage = Object.fromEntries(usages.map(([member]) => [member, true]))
  const all = await certificateWith({ Extensions: { KeyUsage } })
  assert.equal(extensionHex(all, '2.5.29.15'), 'critical 030307fb80')
  const ca = await certificateWith(
    { Extensions: { KeyUsage: { KeyCertSign: true } } },
    { template: 'BlankSubordinateCACertificate_PathLen0_APIPassthrough' },
  )
  assert.equal(extensionHex(ca, '2.5.29.15'), 'critical 03020204')
  for (const none of [{}, { DigitalSignature: false }])
    assert.match(
      await refusalOf({ Extensions: { KeyUsage: none } }),
      /^InvalidArgsException: ApiPassthrough\.Extensions\.KeyUsage must set at least one/,
    )
})

test('the nine-bit key usage encoding of AWS is available as a custom extension', async () => {
  const CustomExtensions = [
    {
      ObjectIdentifier: '2.5.29.15',
      Value: Buffer.from('0303070080', 'hex').toString('base64'),
      Critical: true,
    },
  ]
  const certificate = await certificateWith({ Extensions: { CustomExtensions } })
  assert.equal(extensionHex(certificate, '2.5.29.15'), 'critical 0303070080')
})

const purposes: [string, string][] = [
  ['SERVER_AUTH', '1.3.6.1.5.5.7.3.1'],
  ['CLIENT_AUTH', '1.3.6.1.5.5.7.3.2'],
  ['CODE_SIGNING', '1.3.6.1.5.5.7.3.3'],
  ['EMAIL_PROTECTION', '1.3.6.1.5.5.7.3.4'],
  ['TIME_STAMPING', '1.3.6.1.5.5.7.3.8'],
  ['OCSP_SIGNING', '1.3.6.1.5.5.7.3.9'],
  ['SMART_CARD_LOGIN', '1.3.6.1.4.1.311.20.2.2'],
  ['DOCUMENT_SIGNING', '1.3.6.1.4.1.311.10.3.12'],
  ['CERTIFICATE_TRANSPARENCY', '1.3.6.1.4.1.11129.2.4.4'],
]

test('extended key usages by name and by object identifier keep their order and are not critical', async () => {
  const named = purposes.map(([ExtendedKeyUsageType]) => ({ ExtendedKeyUsageType }))
  const custom = { ExtendedKeyUsageObjectIdentifier: '2.39.123456789012345678901234567890' }
  const ExtendedKeyUsage = [custom, ...named]
  const pem = await pemWith({ Extensions: { ExtendedKeyUsage } })
  assert.deepEqual(new X509Certificate(pem).keyUsage, [
    custom.ExtendedKeyUsageObjectIdentifier,
    ...purposes.map(([, oid]) => oid),
  ])
  assert.equal(new peculiar.X509Certificate(pem).getExtension('2.5.29.37')?.critical, false)
})

test('an extended key usage must have exactly one of the two members, a valid object identifier, and no duplicate', async () => {
  const refused = (...ExtendedKeyUsage: object[]): Promise<string> =>
    refusalOf({ Extensions: { ExtendedKeyUsage } })
  const server = { ExtendedKeyUsageType: 'SERVER_AUTH' }
  const both = { ...server, ExtendedKeyUsageObjectIdentifier: '1.2.3' }
  const exactlyOne =
    /^InvalidArgsException: ApiPassthrough\.Extensions\.ExtendedKeyUsage\[1\] must have exactly one of ExtendedKeyUsageType, ExtendedKeyUsageObjectIdentifier/
  assert.match(await refused(server, both), exactlyOne)
  assert.match(await refused(server, {}), exactlyOne)
  assert.match(
    await refused({ ExtendedKeyUsageObjectIdentifier: '1.2.03' }),
    /^InvalidArgsException: ApiPassthrough\.Extensions\.ExtendedKeyUsage\[0\].* '1\.2\.03' is not an object identifier/,
  )
  assert.match(
    await refused(server, { ExtendedKeyUsageObjectIdentifier: '1.3.6.1.5.5.7.3.1' }),
    /^InvalidArgsException: .* extended-key-usage: /,
  )
})

const san = (...SubjectAlternativeNames: object[]) => ({ Extensions: { SubjectAlternativeNames } })
const utf8 = (text: string): string => tlv('0c', hexOf(text))

const names: [string, object, string][] = [
  [
    'OtherName',
    { OtherName: { TypeId: '1.3.6.1.4.1.311.20.2.3', Value: 'jö@example.com' } },
    tlv('a0', `060a2b060104018237140203${tlv('a0', utf8('jö@example.com'))}`),
  ],
  [
    'EdiPartyName with an assigner',
    { EdiPartyName: { PartyName: 'Party', NameAssigner: 'ä' } },
    tlv('a5', tlv('a0', utf8('ä')) + tlv('a1', utf8('Party'))),
  ],
  ['EdiPartyName', { EdiPartyName: { PartyName: 'P' } }, tlv('a5', tlv('a1', utf8('P')))],
  [
    'DirectoryName',
    { DirectoryName: { CommonName: 'd', Country: 'DE' } },
    tlv('a4', '3019310b3009060355040613024445310a300806035504030c0164'),
  ],
  ['RegisteredId', { RegisteredId: '1.2.840.113549' }, '88062a864886f70d'],
  [
    'Rfc822Name',
    { Rfc822Name: "o'hara+tag@example.com" },
    tlv('81', hexOf("o'hara+tag@example.com")),
  ],
  ['DnsName', { DnsName: 'a.example.com' }, tlv('82', hexOf('a.example.com'))],
  ['a wildcard', { DnsName: '*.example.com' }, tlv('82', hexOf('*.example.com'))],
  ['an A-label', { DnsName: 'xn--bcher-kva.example' }, tlv('82', hexOf('xn--bcher-kva.example'))],
  [
    'UniformResourceIdentifier',
    { UniformResourceIdentifier: 'spiffe://example.org/ns/a%20b?x=1#y' },
    tlv('86', hexOf('spiffe://example.org/ns/a%20b?x=1#y')),
  ],
  ['IPv4', { IpAddress: '192.0.2.255' }, '8704c00002ff'],
  ['IPv4 of zeros', { IpAddress: '0.0.0.0' }, '870400000000'],
  ...(
    [
      ['::', '00000000000000000000000000000000'],
      ['::1', '00000000000000000000000000000001'],
      ['1::', '00010000000000000000000000000000'],
      ['2001:db8::8:800:200c:417a', '20010db80000000000080800200c417a'],
      ['2001:DB8:0:0:8:800:200C:417A', '20010db80000000000080800200c417a'],
      ['0001:0002:0003:0004:0005:0006:0007:0008', '00010002000300040005000600070008'],
      ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
      ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
      ['1::8', '00010000000000000000000000000008'],
      ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
      ['::13.1.68.3', '0000000000000000000000000d014403'],
      ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221'],
      ['1:2:3:4:5:6:255.254.253.252', '000100020003000400050006fffefdfc'],
      ['fe80::', 'fe800000000000000000000000000000'],
    ] as const
  ).map(([IpAddress, hex]): [string, object, string] => [IpAddress, { IpAddress }, tlv('87', hex)]),
]

test('every kind of general name has its exact encoding', async () => {
  for (const [label, name, hex] of names) {
    const certificate = new X509Certificate(await pemWith(san(name)))
    const extension = `0603551d11${tlv('04', tlv('30', hex))}`
    assert.ok(certificate.raw.toString('hex').includes(extension), label)
    assert.notEqual(certificate.subjectAltName, undefined, label)
  }
})

test('OpenSSL reads exactly the requested names in their order, and none from the CSR', async () => {
  const pem = await pemWith(
    san(
      { DnsName: '*.example.com' },
      { IpAddress: '2001:db8::1' },
      { Rfc822Name: 'a@example.com' },
      { UniformResourceIdentifier: 'https://example.com/?a=b' },
      { RegisteredId: '1.2.3.4' },
      { DirectoryName: { Organization: 'O', CommonName: 'cn' } },
      { IpAddress: '10.0.0.1' },
      { DnsName: 'xn--bcher-kva.example' },
    ),
    { request: 'ec-server' },
  )
  assert.equal(
    new X509Certificate(pem).subjectAltName,
    'DNS:*.example.com, IP Address:2001:DB8:0:0:0:0:0:1, email:a@example.com, ' +
      'URI:https://example.com/?a=b, Registered ID:1.2.3.4, DirName:"CN=cn\\u002cO=O", ' +
      'IP Address:10.0.0.1, DNS:xn--bcher-kva.example',
  )
})

test('invalid general names are refused with the name of the member', async () => {
  const at = String.raw`^InvalidArgsException: ApiPassthrough\.Extensions\.SubjectAlternativeNames\[1\]`
  const cases: [object, string][] = [
    [{}, ' must have exactly one of OtherName, .*; it has 0'],
    [{ DnsName: 'a', IpAddress: '::1' }, ' must have exactly one of .*; it has 2'],
    [{ DnsName: 'a', Rfc822Name: '', RegisteredId: '1.2' }, ' must have exactly one .*; it has 3'],
    [{ DnsName: '' }, String.raw`\.DnsName must be visible ASCII and not empty`],
    [{ DnsName: 'bücher.example' }, String.raw`\.DnsName must be .*A-labels`],
    [{ DnsName: 'a\u0001b' }, String.raw`\.DnsName must be visible ASCII`],
    [{ Rfc822Name: 'ö@example.com' }, String.raw`\.Rfc822Name must be visible ASCII`],
    [{ UniformResourceIdentifier: 'http://a\n' }, String.raw`\.UniformResourceIdentifier must be`],
    [{ RegisteredId: '1.2.03' }, String.raw`\.RegisteredId '1\.2\.03' is not an object identifier`],
    [
      { OtherName: { TypeId: '1.2.03', Value: 'x' } },
      String.raw`\.OtherName\.TypeId '1\.2\.03' is not an object identifier`,
    ],
    [{ EdiPartyName: { PartyName: '' } }, String.raw`\.EdiPartyName\.PartyName must not be empty`],
    [
      { EdiPartyName: { PartyName: 'x', NameAssigner: '' } },
      String.raw`\.EdiPartyName\.NameAssigner must not be empty`,
    ],
    [
      {
        DirectoryName: {
          CommonName: 'x',
          CustomAttributes: [{ ObjectIdentifier: '1.2.3', Value: 'x' }],
        },
      },
      String.raw`\.DirectoryName\.CustomAttributes cannot be combined`,
    ],
    ...[
      '256.0.0.1',
      '1.2.3',
      '01.2.3.4',
      '192.0.2.0/24',
      '::1/128',
      'fe80::1%eth0',
      '1::2::3',
      ':::',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '12345::',
      '::1.2.3.4:5',
      '::1.2.3',
      ' ::1',
      '[::1]',
      'localhost',
      '',
    ].map((IpAddress): [object, string] => [
      { IpAddress },
      String.raw`\.IpAddress '.*' is not an IPv4 or IPv6 address`,
    ]),
  ]
  for (const [name, text] of cases)
    assert.match(await refusalOf(san({ DnsName: 'ok' }, name)), new RegExp(at + text))
})

test('a SAN in ApiPassthrough is critical if and only if the subject is empty', async () => {
  const names_ = san({ DnsName: 'api.example.com' })
  for (const request of [
    'empty-subject-no-san',
    'empty-subject-plain-san',
    'empty-subject-critical-san',
  ]) {
    const certificate = await certificateWith(names_, { request })
    assert.match(extensionHex(certificate, '2.5.29.17') ?? '', /^critical 3011820f/, request)
    assert.equal(certificate.subject, '')
  }
  const named = await certificateWith(
    { ...names_, Subject: { CommonName: 'x' } },
    { request: 'empty-subject-no-san' },
  )
  assert.match(extensionHex(named, '2.5.29.17') ?? '', /^3011820f/)
  const CustomExtensions = [
    { ObjectIdentifier: '2.5.29.17', Value: Buffer.from('3003820161', 'hex').toString('base64') },
  ]
  const asCustom = await certificateWith(
    { Extensions: { CustomExtensions } },
    { request: 'empty-subject-no-san' },
  )
  assert.equal(extensionHex(asCustom, '2.5.29.17'), 'critical 3003820161')
})

test('a CA certificate without a subject is refused, even with a critical SAN', async () => {
  const template = 'BlankSubordinateCACertificate_PathLen0_APIPassthrough'
  const more = { ApiPassthrough: san({ DnsName: 'ca.example.com' }) }
  for (const request of ['empty-subject-no-san', 'empty-subject-critical-san'])
    assert.equal(
      await service.refusal(
        'IssueCertificate',
        issueInput(root.arn, csr(request), { template, more }),
      ),
      'MalformedCSRException: CSR must have a subject: a certificate authority must have a name',
    )
  const named = { ApiPassthrough: { Subject: { CommonName: 'CA' } } }
  const authority = { arn: root.arn, csr: csr('empty-subject-no-san') }
  const { certificate } = await issue(service, authority, { template, more: named })
  assert.equal(new X509Certificate(certificate).subject, 'CN=CA')
})

test('certificate policies are encoded with the URIs of their practice statements', async () => {
  const policy = (CertPolicyId: string, ...uris: string[]) => ({
    CertPolicyId,
    ...(uris.length > 0 && {
      PolicyQualifiers: uris.map((CpsUri) => ({
        PolicyQualifierId: 'CPS',
        Qualifier: { CpsUri },
      })),
    }),
  })
  const qualifier = (uri: string): string =>
    tlv('30', `06082b06010505070201${tlv('16', hexOf(uri))}`)
  const CertificatePolicies = [policy('1.2.3', 'http://a', 'http://b'), policy('2.5.29.32.0')]
  const certificate = await certificateWith({ Extensions: { CertificatePolicies } })
  assert.equal(
    extensionHex(certificate, '2.5.29.32'),
    tlv(
      '30',
      tlv('30', `06022a03${tlv('30', qualifier('http://a') + qualifier('http://b'))}`) +
        tlv('30', '0604551d2000'),
    ),
  )
  const refused = (...policies: object[]): Promise<string> =>
    refusalOf({ Extensions: { CertificatePolicies: policies } })
  const at = String.raw`^InvalidArgsException: ApiPassthrough\.Extensions\.CertificatePolicies`
  assert.match(
    await refused(policy('1.2.3'), policy('1.2.03')),
    new RegExp(String.raw`${at}\[1\]\.CertPolicyId '1\.2\.03' is not an object identifier`),
  )
  assert.equal(
    await refused(policy('1.2.3'), policy('1.2.4'), policy('1.2.3', 'http://a')),
    'InvalidArgsException: ApiPassthrough.Extensions.CertificatePolicies contains policy 1.2.3 twice',
  )
  assert.match(
    await refused(policy('1.2.3', 'http://ä')),
    new RegExp(`${at} cannot be encoded: CPS`),
  )
  const bad = {
    CertPolicyId: '1.2.3',
    PolicyQualifiers: [{ PolicyQualifierId: 'UNOTICE', Qualifier: { CpsUri: 'x' } }],
  }
  assert.match(await refused(bad), /^ValidationException: .*policyQualifierId/)
})

test('custom extensions with any DER value keep their order and criticality', async () => {
  const der = ['0500', '3000', '0c0568656c6c6f', '1e020041', '3003020101']
  const CustomExtensions = der.map((hex, index) => ({
    ObjectIdentifier: `1.3.6.1.4.1.99999.${9 - index}`,
    Value: Buffer.from(hex, 'hex').toString('base64'),
    ...(index % 2 === 0 ? {} : { Critical: index === 1 }),
  }))
  const certificate = await certificateWith({ Extensions: { CustomExtensions } })
  const found = Array.from(certificate.extensions, ({ type }) => [
    type,
    extensionHex(certificate, type),
  ])
  assert.deepEqual(
    found.slice(3),
    der.map((hex, index) => [
      `1.3.6.1.4.1.99999.${9 - index}`,
      index === 1 ? `critical ${hex}` : hex,
    ]),
  )
})

test('a custom extension whose value is not a single DER element is refused, and the error names it', async () => {
  const custom = (ObjectIdentifier: string, hex: string) => ({
    ObjectIdentifier,
    Value: Buffer.from(hex, 'hex').toString('base64'),
  })
  const good = custom('1.2.3', '0500')
  const refused = (extension: object): Promise<string> =>
    refusalOf({ Extensions: { CustomExtensions: [good, extension] } })
  for (const hex of ['00', '0501', '3080', '30820001ff', '05000500', '308100', '1f8101', 'ff'])
    assert.match(
      await refused(custom('1.2.4', hex)),
      /^InvalidArgsException: ApiPassthrough\.Extensions\.CustomExtensions\[1\]\.Value cannot be encoded: /,
      hex,
    )
  assert.match(
    await refused(custom('1.2.03', '0500')),
    /^InvalidArgsException: ApiPassthrough\.Extensions\.CustomExtensions\[1\]\.ObjectIdentifier '1\.2\.03'/,
  )
  assert.match(await refused({ ObjectIdentifier: '1.2.4', Value: '%' }), /^ValidationException: /)
})

test('custom extensions of known types must be valid for their type', async () => {
  const refused = (ObjectIdentifier: string, hex: string, Critical = false): Promise<string> => {
    const Value = Buffer.from(hex, 'hex').toString('base64')
    const CustomExtensions = [{ ObjectIdentifier, Value, Critical }]
    return refusalOf({ Extensions: { CustomExtensions } })
  }
  const lint = (name: string): RegExp =>
    new RegExp(`^InvalidArgsException: The certificate would violate lint rules\\. ${name}: `)
  for (const hex of ['3000', '0500', '3003820100', '3003870101'])
    assert.match(
      await refused('2.5.29.17', hex),
      /^InvalidArgsException: ApiPassthrough\.Extensions\.CustomExtensions\[0\]\.Value cannot be encoded: /,
    )
  assert.match(await refused('2.5.29.37', '3000'), lint('extended-key-usage'))
  assert.match(await refused('2.5.29.15', '030100', true), lint('key-usage-not-empty'))
  assert.match(await refused('2.5.29.30', '3000', true), lint('name-constraints-ca'))
})

test('an extension that occurs twice in ApiPassthrough is refused', async () => {
  const twice = 'InvalidArgsException: ApiPassthrough.Extensions contains extension '
  const custom = (ObjectIdentifier: string, hex: string) => ({
    ObjectIdentifier,
    Value: Buffer.from(hex, 'hex').toString('base64'),
  })
  const cases: [object, string][] = [
    [{ CustomExtensions: [custom('1.2.3', '0500'), custom('1.2.3', '0500')] }, '1.2.3'],
    [
      { KeyUsage: { CRLSign: true }, CustomExtensions: [custom('2.5.29.15', '03020780')] },
      'keyUsage',
    ],
    [
      {
        SubjectAlternativeNames: [{ DnsName: 'a' }],
        CustomExtensions: [custom('2.5.29.17', '3003820161')],
      },
      'subjectAltName',
    ],
    [
      {
        ExtendedKeyUsage: [{ ExtendedKeyUsageType: 'SERVER_AUTH' }],
        CustomExtensions: [custom('2.5.29.37', '3000')],
      },
      'extendedKeyUsage',
    ],
    [
      {
        CertificatePolicies: [{ CertPolicyId: '1.2.3' }],
        CustomExtensions: [custom('2.5.29.32', '3000')],
      },
      'certificatePolicies',
    ],
  ]
  for (const [Extensions, name] of cases)
    assert.equal(await refusalOf({ Extensions }), `${twice}${name} more than once`)
})

test('a template without API passthrough ignores ApiPassthrough, even invalid values', async () => {
  const wrong = { Subject: {}, ...san({ IpAddress: 'nonsense' }, {}) }
  for (const template of ['EndEntityCertificate', 'BlankEndEntityCertificate_CSRPassthrough']) {
    const certificate = await certificateWith(wrong, { template, request: 'ec-server' })
    const request = new peculiar.Pkcs10CertificateRequest(csr('ec-server'))
    assert.equal(certificate.subject, request.subject)
    assert.deepEqual(
      certificate.getExtension('2.5.29.17')?.value,
      request.getExtension('2.5.29.17')?.value,
    )
  }
})

const openssl = async (pem: string, t: Parameters<typeof tool>[0]): Promise<string | undefined> => {
  if ((await tool(t, 'openssl', { probe: ['version'] })) === undefined) return undefined
  const running = run('openssl', ['req', '-noout', '-text', '-verify'])
  running.child.stdin?.end(pem)
  const { stdout, stderr } = await running
  assert.match(stdout + stderr, /verify OK/)
  return stdout
}

const csrExtensions = {
  KeyUsage: { DigitalSignature: true, KeyCertSign: true, CRLSign: true },
  SubjectInformationAccess: [
    {
      AccessMethod: { AccessMethodType: 'CA_REPOSITORY' },
      AccessLocation: { UniformResourceIdentifier: 'rsync://example.com/repo/' },
    },
    {
      AccessMethod: { AccessMethodType: 'RESOURCE_PKI_MANIFEST' },
      AccessLocation: { UniformResourceIdentifier: 'rsync://example.com/repo/a.mft' },
    },
    {
      AccessMethod: { AccessMethodType: 'RESOURCE_PKI_NOTIFY' },
      AccessLocation: { DirectoryName: { Country: 'DE', CommonName: 'x' } },
    },
    {
      AccessMethod: { CustomObjectIdentifier: '1.3.6.1.4.1.99999.7' },
      AccessLocation: { IpAddress: '192.0.2.1' },
    },
  ],
}

const withCsrExtensions = (CsrExtensions: object): Record<string, unknown> => {
  const input = authorityInput()
  const configuration = input['CertificateAuthorityConfiguration'] as object
  return { ...input, CertificateAuthorityConfiguration: { ...configuration, CsrExtensions } }
}

test('the CSR of a CA contains its CsrExtensions, and DescribeCertificateAuthority returns them', async (t) => {
  const { CertificateAuthorityConfiguration } = withCsrExtensions(csrExtensions)
  const { arn, csr: pem } = await createAuthority(service, {
    more: { CertificateAuthorityConfiguration },
  })
  const { CertificateAuthority } = await service.must('DescribeCertificateAuthority', {
    CertificateAuthorityArn: arn,
  })
  assert.deepEqual(
    CertificateAuthority.CertificateAuthorityConfiguration.CsrExtensions,
    csrExtensions,
  )
  const request = new peculiar.Pkcs10CertificateRequest(pem)
  assert.equal(await request.verify(), true)
  assert.deepEqual(
    Array.from(request.extensions, ({ type, critical }) => [type, critical]),
    [
      ['2.5.29.19', true],
      ['2.5.29.15', true],
      ['1.3.6.1.5.5.7.1.11', false],
    ],
  )
  const text = await openssl(pem, t)
  if (text === undefined) return
  for (const pattern of [
    /Basic Constraints: critical\s+CA:TRUE\n/,
    /Key Usage: critical\s+Digital Signature, Certificate Sign, CRL Sign\n/,
    /Subject Information Access: \s+CA Repository - URI:rsync:\/\/example\.com\/repo\/\n/,
    /(?:RPKI Manifest|1\.3\.6\.1\.5\.5\.7\.48\.10) - URI:rsync:\/\/example\.com\/repo\/a\.mft\n/,
    /(?:RPKI Notify|1\.3\.6\.1\.5\.5\.7\.48\.13) - DirName:.*C ?= ?DE.*CN ?= ?x\n/,
    /1\.3\.6\.1\.4\.1\.99999\.7 - IP Address:192\.0\.2\.1\n/,
  ])
    assert.match(text, pattern)
})

test('invalid CsrExtensions are refused with the name of the member', async () => {
  const AccessLocation = { DnsName: 'a' }
  const access = (AccessMethod: object, location: object = AccessLocation) => ({
    SubjectInformationAccess: [{ AccessMethod, AccessLocation: location }],
  })
  const method = { AccessMethodType: 'CA_REPOSITORY' }
  const at = String.raw`^InvalidArgsException: CsrExtensions\.SubjectInformationAccess\[0\]\.`
  const one = 'AccessMethod must have exactly one of CustomObjectIdentifier, AccessMethodType'
  const cases: [object, string][] = [
    [access({}), at + one],
    [access({ ...method, CustomObjectIdentifier: '1.2.3' }), at + one],
    [
      access({ CustomObjectIdentifier: '1.2.03' }),
      String.raw`${at}AccessMethod\.CustomObjectIdentifier '1\.2\.03' is not an object identifier`,
    ],
    [access(method, {}), `${at}AccessLocation must have exactly one of `],
    [access(method, { IpAddress: '1' }), String.raw`${at}AccessLocation\.IpAddress '1' is not`],
    [
      { KeyUsage: { CRLSign: false } },
      String.raw`^InvalidArgsException: CsrExtensions\.KeyUsage must set at least one`,
    ],
    [access({ AccessMethodType: 'NONE' }), '^ValidationException: .*accessMethodType'],
  ]
  for (const [extensions, text] of cases)
    assert.match(
      await service.refusal('CreateCertificateAuthority', withCsrExtensions(extensions)),
      new RegExp(text),
    )
})
