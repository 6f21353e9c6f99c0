/**
 * Tests of CAs whose certificate from an external root has name constraints. A CA issues only certificates that satisfy its
 * constraints.
 */
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { after, before, test } from 'node:test'
import { parseCertificationRequest } from '../../src/x509/certification-request.ts'
import { encodePem, parsePem } from '../../src/x509/pem.ts'
import {
  caExtensions,
  craft,
  ip,
  nameConstraints,
  named,
  newKeys,
  text,
} from '../support/crafted-certificates.ts'
import { csr } from '../support/csrs.ts'
import {
  base64,
  createAuthority,
  createSubordinate,
  issue,
  issueInput,
} from '../support/hierarchy.ts'
import { TestService } from '../support/service.ts'

let service: TestService
let constrained: { arn: string }
let below: { arn: string }

before(async () => {
  service = await TestService.start()
  const root = craft({ subject: named('External root') })
  const authority = await createAuthority(service, { type: 'SUBORDINATE' })
  const request = parseCertificationRequest(parsePem(authority.csr)[0]!.der)
  const publicKey = createPublicKey({
    key: Buffer.from(request.subjectPublicKeyInfo.der),
    format: 'der',
    type: 'spki',
  })
  const permitted = [
    text('dNSName', 'example.com'),
    ip('c0000200ffffff00'),
    ip(`20010db8${'0'.repeat(24)}ffffffff${'0'.repeat(24)}`),
  ]
  const excluded = [text('dNSName', 'secret.example.com')]
  const signed = craft(
    {
      subject: request.subject.der,
      keys: { publicKey, privateKey: newKeys().privateKey },
      extensions: [...caExtensions, nameConstraints(permitted, excluded)],
    },
    root,
  )
  await service.must('ImportCertificateAuthorityCertificate', {
    CertificateAuthorityArn: authority.arn,
    Certificate: base64(encodePem('CERTIFICATE', signed.certificate.der)),
    CertificateChain: base64(encodePem('CERTIFICATE', root.certificate.der)),
  })
  constrained = authority
  below = await createSubordinate(service, constrained, {
    pathLen: 0,
    validity: { Value: 1, Type: 'YEARS' },
  })
})
after(() => service.close())

const api = 'EndEntityServerAuthCertificate_APIPassthrough'
const withNames = (SubjectAlternativeNames: unknown, Subject?: unknown) => ({
  template: api,
  more: { ApiPassthrough: { Subject, Extensions: { SubjectAlternativeNames } } },
})

test('names within the constraints are accepted at every depth', async () => {
  for (const { arn } of [constrained, below]) {
    await issue(
      service,
      { arn, csr: csr('wants-to-be-ca') },
      withNames([{ DnsName: 'host.example.com' }]),
    )
    await issue(
      service,
      { arn, csr: csr('wants-to-be-ca') },
      withNames([{ IpAddress: '192.0.2.77' }, { IpAddress: '2001:db8::5' }], { Organization: 'x' }),
    )
    await issue(
      service,
      { arn, csr: csr('wants-to-be-ca') },
      withNames([{ Rfc822Name: 'anyone@elsewhere.test' }], { Organization: 'x' }),
    )
  }
})

test('names outside the constraints are refused at every depth, with the reason', async () => {
  const cases: [unknown, RegExp][] = [
    [[{ DnsName: 'example.org' }], /example\.org.* is not within .*permit: .*example\.com/],
    [[{ DnsName: 'host.example.com' }, { DnsName: 'notexample.com' }], /notexample\.com/],
    [[{ DnsName: 'a.secret.example.com' }], /secret\.example\.com.* exclude/],
    [[{ IpAddress: '198.51.100.1' }], /198\.51\.100\.1/],
    [[{ IpAddress: '2001:db9::1' }], /is not within/],
  ]
  for (const { arn } of [constrained, below])
    for (const [names, reason] of cases) {
      const input = issueInput(arn, csr('wants-to-be-ca'), withNames(names, { Organization: 'x' }))
      const refusal = await service.refusal('IssueCertificate', input)
      assert.match(refusal, /^ValidationException: The certificate is not allowed: /)
      assert.match(refusal, reason)
    }
})

test('the constraints apply to names in the CSR as well', async () => {
  for (const { arn } of [constrained, below])
    assert.match(
      await service.refusal('IssueCertificate', issueInput(arn, csr('ec-elsewhere'))),
      /^ValidationException: The certificate is not allowed: .*elsewhere\.test/,
    )
})
