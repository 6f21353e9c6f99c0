import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { csr } from '../support/csrs.ts'
import { authorityInput, createAuthority, createRoot, issue } from '../support/hierarchy.ts'
import { TestService, type Members } from '../support/service.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { parsePem } from '../../src/x509/pem.ts'

let service: TestService
before(async () => {
  service = await TestService.start()
})
after(() => service.close())

const crl = { Enabled: true, ExpirationInDays: 7, S3BucketName: 'my-crls' }
const off = { CrlConfiguration: { Enabled: false }, OcspConfiguration: { Enabled: false } }

async function described(arn: string): Promise<Members> {
  const { CertificateAuthority } = await service.must('DescribeCertificateAuthority', {
    CertificateAuthorityArn: arn,
  })
  return CertificateAuthority
}

test('what is asked for is described, with its defaults', async () => {
  const whole = {
    CrlConfiguration: {
      ...crl,
      S3ObjectAcl: 'BUCKET_OWNER_FULL_CONTROL',
      CrlType: 'PARTITIONED',
      CustomPath: 'a/b',
      CustomCname: 'crl.example.com',
    },
    OcspConfiguration: { Enabled: true, OcspCustomCname: 'ocsp.example.com' },
  }
  const { arn } = await createAuthority(service, { more: { RevocationConfiguration: whole } })
  assert.deepEqual((await described(arn)).RevocationConfiguration, whole)
  const some = await createAuthority(service, {
    more: { RevocationConfiguration: { CrlConfiguration: crl } },
  })
  assert.deepEqual((await described(some.arn)).RevocationConfiguration, {
    CrlConfiguration: { ...crl, S3ObjectAcl: 'PUBLIC_READ', CrlType: 'COMPLETE' },
    OcspConfiguration: { Enabled: false },
  })
  const none = await createAuthority(service)
  assert.deepEqual((await described(none.arn)).RevocationConfiguration, off)
})

test('an update changes the block that it sends, and not the time of the last change of state', async () => {
  const root = await createRoot(service)
  const before_ = (await described(root.arn)).LastStateChangeAt
  const update = (RevocationConfiguration: unknown) =>
    service.must('UpdateCertificateAuthority', {
      CertificateAuthorityArn: root.arn,
      RevocationConfiguration,
    })
  await update({ OcspConfiguration: { Enabled: true } })
  await update({ CrlConfiguration: crl })
  const { RevocationConfiguration, LastStateChangeAt, Status } = await described(root.arn)
  assert.deepEqual(RevocationConfiguration, {
    CrlConfiguration: { ...crl, S3ObjectAcl: 'PUBLIC_READ', CrlType: 'COMPLETE' },
    OcspConfiguration: { Enabled: true },
  })
  assert.deepEqual([LastStateChangeAt, Status], [before_, 'ACTIVE'])
  await update(off)
  assert.deepEqual((await described(root.arn)).RevocationConfiguration, off)
})

test('no certificate promises a CRL or an OCSP answer that is not there', async () => {
  const root = await createRoot(service, {
    more: {
      RevocationConfiguration: { CrlConfiguration: crl, OcspConfiguration: { Enabled: true } },
    },
  })
  const leaf = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  for (const pem of [root.certificate, leaf.certificate]) {
    const { extensions } = parseCertificate(parsePem(pem)[0]!.der)
    const found = extensions.filter(({ oid }) => ['2.5.29.31', '1.3.6.1.5.5.7.1.1'].includes(oid))
    assert.deepEqual(found, [])
  }
})

test('what does not go together is refused, and nothing is made', async () => {
  const cases: [object, RegExp][] = [
    [
      { CrlConfiguration: { Enabled: false, ExpirationInDays: 7 } },
      /CrlConfiguration is disabled and must not/,
    ],
    [
      { OcspConfiguration: { Enabled: false, OcspCustomCname: 'x' } },
      /OcspConfiguration is disabled and must not/,
    ],
    [
      { CrlConfiguration: { Enabled: true, S3BucketName: 'my-crls' } },
      /must have ExpirationInDays/,
    ],
    [{ CrlConfiguration: { Enabled: true, ExpirationInDays: 1 } }, /must have S3BucketName/],
    [{ CrlConfiguration: { ...crl, S3BucketName: 'My_Crls' } }, /naming rules of S3/],
    [{ CrlConfiguration: { ...crl, S3BucketName: '192.0.2.1' } }, /naming rules of S3/],
    [
      { CrlConfiguration: { ...crl, CustomCname: 'http://crl.example.com' } },
      /must not begin with a protocol/,
    ],
    [
      { OcspConfiguration: { Enabled: true, OcspCustomCname: 'https://o' } },
      /must not begin with a protocol/,
    ],
    [
      {
        CrlConfiguration: {
          ...crl,
          CustomCname: 'crl.example.com',
          CrlDistributionPointExtensionConfiguration: { OmitExtension: true },
        },
      },
      /CustomCname and OmitExtension/,
    ],
  ]
  const options = { region: 'eu-south-1' }
  for (const [RevocationConfiguration, text] of cases) {
    const input = authorityInput({ more: { RevocationConfiguration } })
    const refusal = await service.refusal('CreateCertificateAuthority', input, options)
    assert.match(refusal, /^InvalidArgsException: /)
    assert.match(refusal, text)
  }
  const { CertificateAuthorities } = await service.must('ListCertificateAuthorities', {}, options)
  assert.deepEqual(CertificateAuthorities, [])
})
