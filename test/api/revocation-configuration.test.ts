/** Tests of RevocationConfiguration: described members, rejected input, and the required bucket. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import { csr } from '../support/csrs.ts'
import { authorityInput, createAuthority, createRoot, issue } from '../support/hierarchy.ts'
import { command } from '../support/process.ts'
import { TestService, type Members } from '../support/service.ts'

let service: TestService
before(async () => {
  service = await TestService.start({ crlDelay: '0' })
  await service.createBucket('my-crls')
})
after(() => service.close())

const crl = { Enabled: true, ExpirationInDays: 7, S3BucketName: 'my-crls' }
const off = { CrlConfiguration: { Enabled: false }, OcspConfiguration: { Enabled: false } }

async function describeAuthority(arn: string): Promise<Members> {
  const { CertificateAuthority } = await service.must('DescribeCertificateAuthority', {
    CertificateAuthorityArn: arn,
  })
  return CertificateAuthority
}

test('DescribeCertificateAuthority returns the requested configuration with its defaults', async () => {
  const complete = {
    CrlConfiguration: {
      ...crl,
      S3ObjectAcl: 'BUCKET_OWNER_FULL_CONTROL',
      CrlType: 'PARTITIONED',
      CustomPath: 'a/b',
      CustomCname: 'crl.example.com',
    },
    OcspConfiguration: { Enabled: true, OcspCustomCname: 'ocsp.example.com' },
  }
  const { arn } = await createAuthority(service, { more: { RevocationConfiguration: complete } })
  assert.deepEqual((await describeAuthority(arn)).RevocationConfiguration, complete)
  const partial = await createAuthority(service, {
    more: { RevocationConfiguration: { CrlConfiguration: crl } },
  })
  assert.deepEqual((await describeAuthority(partial.arn)).RevocationConfiguration, {
    CrlConfiguration: { ...crl, S3ObjectAcl: 'PUBLIC_READ', CrlType: 'COMPLETE' },
    OcspConfiguration: { Enabled: false },
  })
  const unconfigured = await createAuthority(service)
  assert.deepEqual((await describeAuthority(unconfigured.arn)).RevocationConfiguration, off)
})

test('an update changes only the block in the request, and not LastStateChangeAt', async () => {
  const root = await createRoot(service)
  const before_ = (await describeAuthority(root.arn)).LastStateChangeAt
  const update = (RevocationConfiguration: unknown) =>
    service.must('UpdateCertificateAuthority', {
      CertificateAuthorityArn: root.arn,
      RevocationConfiguration,
    })
  await update({ OcspConfiguration: { Enabled: true } })
  await update({ CrlConfiguration: crl })
  const { RevocationConfiguration, LastStateChangeAt, Status } = await describeAuthority(root.arn)
  assert.deepEqual(RevocationConfiguration, {
    CrlConfiguration: { ...crl, S3ObjectAcl: 'PUBLIC_READ', CrlType: 'COMPLETE' },
    OcspConfiguration: { Enabled: true },
  })
  assert.deepEqual([LastStateChangeAt, Status], [before_, 'ACTIVE'])
  await update(off)
  assert.deepEqual((await describeAuthority(root.arn)).RevocationConfiguration, off)
})

test('certificates contain the CRL and OCSP URLs configured at their issuance, and no others', async () => {
  const root = await createRoot(service)
  const urlsOfNewLeaf = async (): Promise<[crl: boolean, ocsp: boolean]> => {
    const { certificate } = await issue(service, { arn: root.arn, csr: csr('ec-server') })
    const { infoAccess, raw } = new X509Certificate(certificate)
    return [raw.includes('/my-crls/crl/'), infoAccess?.includes('OCSP - URI:http') === true]
  }
  const update = (RevocationConfiguration: unknown): Promise<Members> =>
    service.must('UpdateCertificateAuthority', {
      CertificateAuthorityArn: root.arn,
      RevocationConfiguration,
    })
  assert.deepEqual(await urlsOfNewLeaf(), [false, false])
  await update({ CrlConfiguration: crl })
  assert.deepEqual(await urlsOfNewLeaf(), [true, false])
  await update({ OcspConfiguration: { Enabled: true } })
  assert.deepEqual(await urlsOfNewLeaf(), [true, true])
  await update({ CrlConfiguration: { Enabled: false } })
  assert.deepEqual(await urlsOfNewLeaf(), [false, true])
  await update(off)
  assert.deepEqual(await urlsOfNewLeaf(), [false, false])
})

test('contradictory members are refused, and no CA is created', async () => {
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

/** The error messages use AWS's wording. */
const refusalOf = (bucket: string): string =>
  `ValidationException: Permission error with your S3 bucket '${bucket}'. Check that your bucket policy, encryption ` +
  'settings, S3 Block Public Access settings, and global account permissions are configured correctly. For more ' +
  'information, check the service documentation.'

test('a bucket that is missing or belongs to another account is refused with the same error as at AWS', async () => {
  await service.createBucket('other-crls', '210987654321')
  const options = { region: 'eu-south-2' }
  const { arn } = await createRoot(service, { options })
  const all = (): Promise<Members> => service.must('ListCertificateAuthorities', {}, options)
  const before_ = await all()
  for (const bucket of ['absent-crls', 'other-crls']) {
    const RevocationConfiguration = {
      CrlConfiguration: { ...crl, S3BucketName: bucket },
      OcspConfiguration: { Enabled: true },
    }
    const creation = authorityInput({ more: { RevocationConfiguration } })
    assert.equal(
      await service.refusal('CreateCertificateAuthority', creation, options),
      refusalOf(bucket),
    )
    const change = { CertificateAuthorityArn: arn, RevocationConfiguration, Status: 'DISABLED' }
    assert.equal(
      await service.refusal('UpdateCertificateAuthority', change, options),
      refusalOf(bucket),
    )
  }
  // No CA was created, and no part of a configuration was changed, not even the OCSP block.
  assert.deepEqual(await all(), before_)
})

test('a creation with an idempotency token succeeds once its bucket exists', async () => {
  const RevocationConfiguration = { CrlConfiguration: { ...crl, S3BucketName: 'later-crls' } }
  const input = authorityInput({ more: { RevocationConfiguration, IdempotencyToken: 'later' } })
  assert.equal(await service.refusal('CreateCertificateAuthority', input), refusalOf('later-crls'))
  await service.createBucket('later-crls')
  await service.must('CreateCertificateAuthority', input)
})

interface PrintedObject {
  readonly Key: string
  readonly Size: number
  readonly Acl: string
}

async function listObjects(bucket: string): Promise<PrintedObject[]> {
  const data = ['--data', service.config.dataDirectory]
  const { stdout } = await command(['bucket', 'objects', bucket, ...data])
  return JSON.parse(stdout) as PrintedObject[]
}

test('the bucket contains two permission test objects, one with the ACL of CRLs and one private', async () => {
  const acls = { PUBLIC_READ: 'public-crls', BUCKET_OWNER_FULL_CONTROL: 'private-crls' }
  for (const [S3ObjectAcl, S3BucketName] of Object.entries(acls)) {
    await service.createBucket(S3BucketName)
    const CrlConfiguration = { ...crl, S3ObjectAcl, S3BucketName }
    await createAuthority(service, { more: { RevocationConfiguration: { CrlConfiguration } } })
    assert.deepEqual(
      (await listObjects(S3BucketName)).map(({ Key, Acl, Size }) => [Key, Acl, Size]),
      [
        ['acm-pca-permission-test-key', S3ObjectAcl, 0],
        ['acm-pca-permission-test-key-private', 'BUCKET_OWNER_FULL_CONTROL', 0],
      ],
    )
  }
})

test('an update without CrlConfiguration does not access the bucket', async () => {
  await service.createBucket('gone-crls')
  const CrlConfiguration = { ...crl, S3BucketName: 'gone-crls' }
  const { arn } = await createRoot(service, {
    more: { RevocationConfiguration: { CrlConfiguration } },
  })
  const data = ['--data', service.config.dataDirectory]
  for (const { Key } of await listObjects('gone-crls'))
    await command(['bucket', 'delete-object', 'gone-crls', Key, ...data])
  assert.equal((await command(['bucket', 'delete', 'gone-crls', ...data])).code, 0)
  const update = { CertificateAuthorityArn: arn }
  const OcspConfiguration = { Enabled: true }
  await service.must('UpdateCertificateAuthority', {
    ...update,
    RevocationConfiguration: { OcspConfiguration },
  })
  await service.must('UpdateCertificateAuthority', { ...update, Status: 'DISABLED' })
  const { RevocationConfiguration } = await describeAuthority(arn)
  assert.deepEqual(RevocationConfiguration.OcspConfiguration, OcspConfiguration)
  assert.equal(RevocationConfiguration.CrlConfiguration.S3BucketName, 'gone-crls')
  assert.equal(
    await service.refusal('UpdateCertificateAuthority', {
      ...update,
      RevocationConfiguration: { CrlConfiguration },
    }),
    refusalOf('gone-crls'),
  )
  // Disabling CRLs does not require the bucket.
  await service.must('UpdateCertificateAuthority', { ...update, RevocationConfiguration: off })
})
