/**
 * Tests of encodings that other software produces although DER forbids them. Non-DER encodings are accepted only where
 * docs/reference/compatibility/imports.md lists them, and are never copied to output.
 */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { parseCertificationRequest } from '../../src/x509/certification-request.ts'
import { encodeSequence } from '../../src/x509/der/writer.ts'
import { encodeExtensions, type Extension } from '../../src/x509/extensions/extensions.ts'
import { encodeGeneralNames } from '../../src/x509/names/general-name.ts'
import { encodeOidElement, oids } from '../../src/x509/der/oid.ts'
import { parsePem } from '../../src/x509/pem.ts'
import { certSignUsage, named, newKeys } from '../support/crafted-certificates.ts'
import { csr } from '../support/csrs.ts'
import {
  ecdsaWithSha256,
  rawAttribute,
  rawCertificate,
  rawExtension,
  rawRequest,
} from '../support/foreign-requests.ts'
import { base64, createAuthority, createRoot, issue, issueInput } from '../support/hierarchy.ts'
import { command } from '../support/process.ts'
import { TestService, type Members } from '../support/service.ts'

let service: TestService
let root: { arn: string; certificate: string }
const logged: string[] = []
before(async () => {
  service = await TestService.start(
    { logLevel: 'info' },
    { logTo: { write: (line) => logged.push(line) } },
  )
  root = await createRoot(service)
})
after(() => service.close())

const empty = new Uint8Array()
const explicitFalse = Uint8Array.of(1, 1, 0)
const berTrue = Uint8Array.of(1, 1, 1)
const derTrue = Uint8Array.of(1, 1, 0xff)
const derNull = Uint8Array.of(5, 0)
const san = encodeGeneralNames([{ kind: 'dNSName', content: Buffer.from('host.example.com') }])
const derOf = (pem: string): Uint8Array => parsePem(pem)[0]?.der ?? empty

const requested = (...extensions: readonly Uint8Array[]): Uint8Array =>
  rawAttribute(oids.extensionRequest, encodeSequence(...extensions))

/** Returns the SAN extension of the certificate issued for a CSR. The certificate is parsed as strict DER. */
async function issuedSan(pem: string, template?: string): Promise<Extension | undefined> {
  const options = template === undefined ? {} : { template }
  const { certificate } = await issue(service, { arn: root.arn, csr: pem }, options)
  const { extensions } = parseCertificate(derOf(certificate))
  return extensions.find(({ oid }) => oid === oids.subjectAltName)
}

test('the SAN of a CSR with BER BOOLEANs is issued in DER', async () => {
  for (const template of [undefined, 'EndEntityCertificate_CSRPassthrough'])
    for (const [critical, expected] of [
      [empty, false],
      [explicitFalse, false],
      [berTrue, true],
      [derTrue, true],
    ] as const) {
      const constraints = rawExtension(
        oids.basicConstraints,
        berTrue,
        encodeSequence(explicitFalse),
      )
      const pem = rawRequest([
        requested(rawExtension(oids.subjectAltName, critical, san), constraints),
      ])
      const found = await issuedSan(pem, template)
      assert.equal(found?.critical, expected)
      assert.deepEqual(Buffer.from(found.value), Buffer.from(san))
    }
})

test('an invalid BOOLEAN is refused with its position', async () => {
  const invalid = rawExtension(oids.subjectAltName, Uint8Array.of(1, 2, 0, 0), san)
  assert.match(
    await service.refusal(
      'IssueCertificate',
      issueInput(root.arn, rawRequest([requested(invalid)])),
    ),
    /^MalformedCSRException: CSR cannot be parsed: critical of subjectAltName is not a DER BOOLEAN.* \(at byte \d+\)$/,
  )
})

test('a SAN in the Microsoft extensions attribute is copied, and two different SANs are refused', async () => {
  const own = rawExtension(oids.subjectAltName, empty, san)
  const microsoft = (value: Uint8Array): Uint8Array =>
    rawAttribute(
      oids.microsoftCertExtensions,
      encodeExtensions([{ oid: oids.subjectAltName, critical: false, value }]),
    )
  for (const attributes of [[microsoft(san)], [requested(own), microsoft(san)]])
    assert.deepEqual(
      Buffer.from((await issuedSan(rawRequest(attributes)))?.value ?? []),
      Buffer.from(san),
    )
  const other = encodeGeneralNames([{ kind: 'dNSName', content: Buffer.from('other.example.com') }])
  const conflicting = rawRequest([requested(own), microsoft(other)])
  assert.match(
    await service.refusal('IssueCertificate', issueInput(root.arn, conflicting)),
    /^MalformedCSRException: CSR cannot be parsed: .* request different values of subjectAltName$/,
  )
})

test('an empty extensionRequest, and ECDSA with NULL parameters, are accepted in a CSR', async () => {
  for (const pem of [
    rawRequest([requested()]),
    rawRequest([rawAttribute(oids.extensionRequest)]),
    rawRequest([], { algorithm: ecdsaWithSha256(derNull) }),
  ])
    assert.equal(await issuedSan(pem), undefined)
})

test('SHA-1 is accepted in CSRs only with --csr-sha1=accept, and certificates never use it', async () => {
  const algorithm = encodeSequence(encodeOidElement(oids.ecdsaWithSha1))
  const requests = [csr('sha1-signature'), rawRequest([], { algorithm, hash: 'sha1' })]
  for (const pem of requests)
    assert.match(
      await service.refusal('IssueCertificate', issueInput(root.arn, pem)),
      /: SHA-1 is not accepted, only SHA-256.*; signet serve --csr-sha1=accept accepts SHA-1$/,
    )
  const accepting = await TestService.start({ csrSha1: 'accept' })
  try {
    const { arn } = await createRoot(accepting)
    for (const pem of requests) {
      const { certificate } = await issue(accepting, { arn, csr: pem })
      const { signatureAlgorithm } = parseCertificate(derOf(certificate))
      assert.equal(signatureAlgorithm.oid, oids.ecdsaWithSha256)
    }
    const forged = rawRequest([], { algorithm, hash: 'sha256' })
    assert.match(
      await accepting.refusal('IssueCertificate', issueInput(arn, forged)),
      /has an invalid signature/,
    )
  } finally {
    await accepting.close()
  }
})

/** An external root certificate, and the certificate that it issues for one of the service's CAs. */
function foreignHierarchy(
  authorityCsr: string,
  options: {
    readonly rootExtensions?: readonly Uint8Array[]
    readonly rootSerial?: Uint8Array
    readonly rootAlgorithm?: Uint8Array
    readonly ownConstraints?: Uint8Array
    readonly issuerName?: string
  },
): { readonly own: string; readonly rootCertificate: string } {
  const { publicKey, privateKey } = newKeys()
  const subject = named('External Root')
  const { subject: ownSubject, subjectPublicKeyInfo } = parseCertificationRequest(
    derOf(authorityCsr),
  )
  const usage = rawExtension(oids.keyUsage, derTrue, certSignUsage.value)
  const constraints = (value: Uint8Array): Uint8Array =>
    rawExtension(oids.basicConstraints, derTrue, value)
  const rootCertificate = rawCertificate({
    serialNumber: options.rootSerial ?? Uint8Array.of(2, 1, 5),
    algorithm: options.rootAlgorithm ?? ecdsaWithSha256(),
    issuer: subject,
    subject,
    subjectPublicKeyInfo: publicKey.export({ type: 'spki', format: 'der' }),
    extensions: options.rootExtensions ?? [constraints(encodeSequence(derTrue)), usage],
    signer: privateKey,
  })
  const own = rawCertificate({
    serialNumber: Uint8Array.of(2, 1, 9),
    algorithm: ecdsaWithSha256(),
    issuer: named(options.issuerName ?? 'External Root'),
    subject: ownSubject.der,
    subjectPublicKeyInfo: subjectPublicKeyInfo.der,
    extensions: [constraints(options.ownConstraints ?? encodeSequence(derTrue)), usage],
    signer: privateKey,
  })
  return { own, rootCertificate }
}

const usage = rawExtension(oids.keyUsage, derTrue, certSignUsage.value)
const foreignRoots: [string, Parameters<typeof foreignHierarchy>[1]][] = [
  ['DER', {}],
  [
    'cA as 01, critical as 7f',
    {
      rootExtensions: [
        rawExtension(oids.basicConstraints, Uint8Array.of(1, 1, 0x7f), encodeSequence(berTrue)),
        usage,
      ],
    },
  ],
  [
    'critical FALSE',
    {
      rootExtensions: [
        rawExtension(oids.basicConstraints, derTrue, encodeSequence(derTrue)),
        usage,
        rawExtension(oids.subjectKeyIdentifier, explicitFalse, Uint8Array.of(4, 2, 1, 2)),
      ],
    },
  ],
  ['negative serial number', { rootSerial: Uint8Array.of(2, 1, 0xfb) }],
  ['serial number zero', { rootSerial: Uint8Array.of(2, 1, 0) }],
  ['long serial number', { rootSerial: Buffer.concat([Buffer.of(2, 40), Buffer.alloc(40, 1)]) }],
  ['ECDSA with NULL', { rootAlgorithm: ecdsaWithSha256(derNull) }],
]

test('a CA below a root with non-DER encodings can be imported, issue certificates, and be verified and inspected', async () => {
  const issued: Members[] = []
  for (const [name, options] of foreignRoots) {
    const { arn, csr: authorityCsr } = await createAuthority(service, { type: 'SUBORDINATE' })
    const { own, rootCertificate } = foreignHierarchy(authorityCsr, options)
    const response = await service.call('ImportCertificateAuthorityCertificate', {
      CertificateAuthorityArn: arn,
      Certificate: base64(own),
      CertificateChain: base64(rootCertificate),
    })
    assert.equal(response.status, 200, `${name}: ${response.text}`)
    issued.push(await issue(service, { arn, csr: csr('ec-server') }))
    const file = join(service.config.dataDirectory, 'root.pem')
    await writeFile(file, rootCertificate)
    const { code, stderr } = await command(['inspect', file])
    assert.deepEqual([code, stderr], [0, ''], name)
  }
  assert.equal(issued.length, foreignRoots.length)
  const { code, stdout } = await command(['verify', '--data', service.config.dataDirectory])
  assert.deepEqual([code, JSON.parse(stdout).Problems], [0, []])
})

test('the certificate of an imported CA itself must be DER', async () => {
  const { arn, csr: authorityCsr } = await createAuthority(service, { type: 'SUBORDINATE' })
  const { own, rootCertificate } = foreignHierarchy(authorityCsr, {
    ownConstraints: encodeSequence(berTrue),
  })
  assert.match(
    await service.refusal('ImportCertificateAuthorityCertificate', {
      CertificateAuthorityArn: arn,
      Certificate: base64(own),
      CertificateChain: base64(rootCertificate),
    }),
    /^MalformedCertificateException: Certificate has a basicConstraints that cannot be parsed: cA of basicConstraints is not a DER BOOLEAN/,
  )
})

test('an issuer name that is encoded differently from the subject of the root is accepted and logged', async () => {
  const warningsAfterImport = async (issuerName: string): Promise<string[]> => {
    const { arn, csr: authorityCsr } = await createAuthority(service, { type: 'SUBORDINATE' })
    const { own, rootCertificate } = foreignHierarchy(authorityCsr, { issuerName })
    await service.must('ImportCertificateAuthorityCertificate', {
      CertificateAuthorityArn: arn,
      Certificate: base64(own),
      CertificateChain: base64(rootCertificate),
    })
    return logged.filter((line) => line.includes(arn) && line.includes('is encoded differently'))
  }
  assert.equal((await warningsAfterImport('External Root')).length, 0)
  const [line = '{}'] = await warningsAfterImport('EXTERNAL  root')
  assert.equal(
    JSON.parse(line).msg,
    'the issuer of Certificate is encoded differently from the subject of certificate 1 of ' +
      'CertificateChain: some verifiers cannot build a path',
  )
})

test('a server certificate with a common name and no SAN is counted and logged', async () => {
  const message = 'no subject alternative name'
  const countOf = async (): Promise<number> => {
    const text = await (await fetch(`${service.url}/metrics`)).text()
    return Number(/^signet_certificates_without_san_total (\d+)$/m.exec(text)?.[1])
  }
  const [count, lines] = [await countOf(), logged.filter((line) => line.includes(message)).length]
  const { arn } = await issue(service, { arn: root.arn, csr: csr('ec-no-san') })
  const more = {
    ApiPassthrough: { Extensions: { SubjectAlternativeNames: [{ DnsName: 'host.example.com' }] } },
  }
  const template = 'EndEntityCertificate_APIPassthrough'
  await issue(service, { arn: root.arn, csr: csr('ec-no-san') }, { template, more })
  await issue(service, { arn: root.arn, csr: csr('ec-server') })
  await issue(
    service,
    { arn: root.arn, csr: csr('ec-no-san') },
    { template: 'CodeSigningCertificate' },
  )
  assert.equal(await countOf(), count + 1)
  const found = logged.filter((line) => line.includes(message)).slice(lines)
  assert.equal(found.length, 1)
  assert.equal(JSON.parse(found[0] ?? '').certificate, arn)
})
