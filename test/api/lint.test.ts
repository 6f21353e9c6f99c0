/** Tests of linting on a running server, for content from CSRs and ApiPassthrough, in each lint mode. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { after, before, test } from 'node:test'
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 requires this package
import 'reflect-metadata'
import * as peculiar from '@peculiar/x509'
import { signatureAlgorithmIdentifier } from '../../src/x509/algorithm-identifier.ts'
import {
  encodeCertificationRequest,
  encodeCertificationRequestInfo,
} from '../../src/x509/certification-request.ts'
import { tags } from '../../src/x509/der/reader.ts'
import { encodeElement, encodeSequence, encodeSetOf } from '../../src/x509/der/writer.ts'
import type { Extension } from '../../src/x509/extensions/extensions.ts'
import { encodeName } from '../../src/x509/names/name.ts'
import { encodeOidElement, oids } from '../../src/x509/der/oid.ts'
import { encodePem } from '../../src/x509/pem.ts'
import { createRoot, issue, issueInput } from '../support/hierarchy.ts'
import { TestService } from '../support/service.ts'

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const emptyName = encodeName([])
const commonName = encodeName([{ type: oids.commonName, value: 'x.example.com' }])

function csrOf(subject: Uint8Array, ...extensions: readonly Extension[]): string {
  const info = encodeCertificationRequestInfo({
    subject,
    subjectPublicKeyInfo: keys.publicKey.export({ format: 'der', type: 'spki' }),
    extensions,
  })
  const signature = sign('sha256', info, keys.privateKey)
  const algorithm = signatureAlgorithmIdentifier('SHA256WITHECDSA')
  return encodePem('CERTIFICATE REQUEST', encodeCertificationRequest(info, algorithm, signature))
}

const sanOf = (tag: number, text: string): Extension => ({
  oid: oids.subjectAltName,
  critical: false,
  value: encodeSequence(encodeElement(tag, Buffer.from(text, 'latin1'))),
})
const subjectOf = (type: string, tag: number, content: Uint8Array): Uint8Array =>
  encodeSequence(
    encodeSetOf([
      encodeSequence(
        encodeOidElement(oids.countryName),
        encodeElement(tags.printableString, Buffer.from('DE')),
      ),
    ]),
    encodeSetOf([encodeSequence(encodeOidElement(type), encodeElement(tag, content))]),
  )

let service: TestService
let root: { arn: string }
before(async () => {
  service = await TestService.start()
  root = await createRoot(service)
})
after(() => service.close())

const refusalOf = (csr: string): Promise<string> =>
  service.refusal('IssueCertificate', issueInput(root.arn, csr))

const emptyNames: readonly (readonly [string, string, string])[] = [
  ['dNSName ""', csrOf(commonName, sanOf(0x82, '')), 'dns-name'],
  ['dNSName " "', csrOf(commonName, sanOf(0x82, ' ')), 'dns-name'],
  ['rfc822Name ""', csrOf(commonName, sanOf(0x81, '')), 'mail-address'],
  ['URI ""', csrOf(commonName, sanOf(0x86, '')), 'uri'],
  ['empty directoryName', csrOf(commonName, sanOf(0xa4, '0\0')), 'directory-name'],
  [
    'OU=""',
    csrOf(subjectOf(oids.organizationalUnitName, tags.utf8String, Buffer.alloc(0))),
    'name-value-empty',
  ],
]

for (const [title, csr, rule] of emptyNames)
  test(`IssueCertificate refuses an empty name in a CSR: ${title}`, async () => {
    assert.match(
      await refusalOf(csr),
      new RegExp(`^InvalidArgsException: The certificate would violate lint rules\\. ${rule}: `),
    )
  })

test('IssueCertificate refuses an empty or malformed DnsName in ApiPassthrough', async () => {
  const template = 'EndEntityCertificate_APIPassthrough'
  for (const DnsName of ['', ' ', 'a..b', 'https://a.example.com']) {
    const ApiPassthrough = { Extensions: { SubjectAlternativeNames: [{ DnsName }] } }
    const input = issueInput(root.arn, csrOf(commonName), { template, more: { ApiPassthrough } })
    assert.match(await service.refusal('IssueCertificate', input), /^InvalidArgsException: /)
  }
})

test('an error about a name states the attribute, its RDN and the character', async () => {
  const printable = subjectOf(oids.commonName, tags.printableString, Buffer.from('a@b'))
  assert.equal(
    await refusalOf(csrOf(printable)),
    'InvalidArgsException: The certificate would violate lint rules. name-characters: strings in names ' +
      'must contain only characters that their string type allows; subject, commonName in RDN 2 has ' +
      "U+0040 '@' at character 2, which is not allowed in a PrintableString (RFC 5280 §4.1.2.4; X.680 §41)",
  )
  const escape = subjectOf(oids.organizationName, tags.utf8String, Buffer.from('a\u001B[2J'))
  assert.match(
    await refusalOf(csrOf(escape)),
    /name-control-characters: .*; subject, organizationName in RDN 2 has U\+001B at character 2 /,
  )
  const unparsable = subjectOf(oids.commonName, tags.printableString, Buffer.from('a|b'))
  assert.equal(
    await refusalOf(csrOf(unparsable)),
    "MalformedCSRException: CSR cannot be parsed: commonName in RDN 2: PrintableString has U+007C '|' " +
      'at character 2, which is not allowed in it',
  )
})

test('IssueCertificate refuses malformed passthrough extensions and names the lint rule', async () => {
  const cases: readonly (readonly [string, string, boolean, string])[] = [
    [oids.keyUsage, '03020781', true, 'key-usage'],
    [oids.authorityInfoAccess, '3000', false, 'info-access'],
    [oids.issuerAltName, '3000', false, 'issuer-alternative-name'],
    [oids.policyMappings, '3000', true, 'policy-mappings'],
    [oids.policyConstraints, '3000', true, 'policy-constraints'],
    [oids.inhibitAnyPolicy, '0201ff', true, 'policy-constraints'],
    [oids.signedCertificateTimestamps, '0400', false, 'certificate-transparency'],
    [oids.tlsFeature, '3000', false, 'tls-feature'],
    [oids.freshestCrl, '3000', false, 'distribution-points'],
  ]
  const template = 'BlankEndEntityCertificate_APICSRPassthrough'
  for (const [oid, hex, critical, rule] of cases) {
    const value = Buffer.from(hex, 'hex')
    const expected = new RegExp(`would violate lint rules\\. ${rule}: `)
    const fromCsr = issueInput(root.arn, csrOf(commonName, { oid, critical, value }), { template })
    assert.match(await service.refusal('IssueCertificate', fromCsr), expected, oid)
    const custom = { ObjectIdentifier: oid, Value: value.toString('base64'), Critical: critical }
    const more = { ApiPassthrough: { Extensions: { CustomExtensions: [custom] } } }
    const fromApi = issueInput(root.arn, csrOf(commonName), { template, more })
    assert.match(await service.refusal('IssueCertificate', fromApi), expected, oid)
  }
})

test('a certificate with lint warnings is issued and they are logged; with --lint=warn this applies to errors too', async () => {
  for (const [lint, csr, rule] of [
    ['error', csrOf(commonName, sanOf(0x82, 'a_b.example.com')), 'dns-name-form'],
    ['warn', csrOf(commonName, sanOf(0x82, 'a b')), 'dns-name'],
  ] as const) {
    const lines: string[] = []
    const logTo = { write: (line: string): void => void lines.push(line) }
    const loggingService = await TestService.start({ lint, logLevel: 'warn' }, { logTo })
    try {
      const { arn } = await createRoot(loggingService)
      await issue(loggingService, { arn, csr })
      const logged = lines.filter((line) => line.includes(`"name":"${rule}"`))
      assert.equal(logged.length, 1, lint)
    } finally {
      await loggingService.close()
    }
  }
})

test('a CSR with an empty subject is refused unless --empty-subject=critical-san', async () => {
  const csr = csrOf(emptyName, sanOf(0x82, 'x.example.com'))
  assert.equal(
    await refusalOf(csr),
    'MalformedCSRException: CSR must mark the SAN extension critical when it has an empty subject',
  )
  const criticalSanService = await TestService.start({ emptySubject: 'critical-san' })
  try {
    const { arn } = await createRoot(criticalSanService)
    for (const template of ['EndEntityCertificate', 'BlankEndEntityCertificate_CSRPassthrough']) {
      const { certificate } = await issue(criticalSanService, { arn, csr }, { template })
      const read = new peculiar.X509Certificate(certificate)
      assert.equal(read.subject, '')
      assert.equal(read.getExtension(oids.subjectAltName)?.critical, true)
    }
    const named = await issue(criticalSanService, { arn, csr: csrOf(commonName, sanOf(0x82, 'a')) })
    const san = new peculiar.X509Certificate(named.certificate).getExtension(oids.subjectAltName)
    assert.equal(san?.critical, false)
    assert.match(
      await criticalSanService.refusal('IssueCertificate', issueInput(arn, csrOf(emptyName))),
      /^MalformedCSRException: CSR must have a subject or a subject alternative name$/,
    )
  } finally {
    await criticalSanService.close()
  }
})

test('a keyUsage with trailing zero bits, as some clients encode it, is issued in minimal DER', async () => {
  const usage = { oid: oids.keyUsage, critical: true, value: Buffer.from('030200a0', 'hex') }
  const template = 'BlankEndEntityCertificate_CSRPassthrough'
  const authority = { arn: root.arn, csr: csrOf(commonName, usage) }
  const { certificate } = await issue(service, authority, { template })
  const value = new peculiar.X509Certificate(certificate).getExtension(oids.keyUsage)?.value
  assert.equal(Buffer.from(value ?? new ArrayBuffer()).toString('hex'), '030205a0')
})
