/** Tests in which a running service's clock jumps forward or back by a year. CRLs are tested in revocation-faults.test.ts. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { csr } from '../support/csrs.ts'
import { createRoot, issue, issueInput } from '../support/hierarchy.ts'
import { crlBucket, eventually } from '../support/revocation.ts'
import { TestService } from '../support/service.ts'

const days = 365

suite('clock jumps', () => {
  let service: TestService
  let root: { readonly arn: string }
  before(async () => {
    service = await TestService.start({
      auditReportInterval: '0',
      authFailures: '3',
    })
    await service.createBucket(crlBucket)
    root = await createRoot(service)
  })
  after(() => service.close())

  /** Asserts that issuance, audit reports and health checks work within seconds of a jump. */
  async function assertWorks(): Promise<void> {
    await issue(service, { arn: root.arn, csr: csr('ec-server') })
    const authority = { CertificateAuthorityArn: root.arn }
    const { AuditReportId } = await service.must('CreateCertificateAuthorityAuditReport', {
      ...authority,
      S3BucketName: crlBucket,
      AuditReportResponseFormat: 'JSON',
    })
    await eventually(async () => {
      const { AuditReportStatus } = await service.must('DescribeCertificateAuthorityAuditReport', {
        ...authority,
        AuditReportId,
      })
      return AuditReportStatus === 'SUCCESS' ? true : undefined
    }, 'an audit report')
    for (const url of [service.url, service.publicUrl])
      assert.equal((await fetch(`${url}/healthz`)).status, 200)
  }

  for (const jump of [days, -days])
    test(`the service works after a jump of ${jump} days, and records no negative durations`, async () => {
      await assertWorks()
      service.clock.advance({ days: jump })
      await assertWorks()
      const negative = await service.inDatabase(
        'select job from job_outcomes where milliseconds < 0',
      )
      assert.deepEqual(negative, [])
      service.clock.advance({ days: -jump })
    })

  test('after a jump back, an idempotency token expires after minutes, not after a year', async () => {
    const input = issueInput(root.arn, csr('ec-server'), { more: { IdempotencyToken: 'again' } })
    const issueWithToken = async (): Promise<string> =>
      (await service.must('IssueCertificate', input)).CertificateArn as string
    service.clock.advance({ days })
    const ahead = await issueWithToken()
    assert.equal(await issueWithToken(), ahead)
    service.clock.advance({ days: -days })
    const now = await issueWithToken()
    assert.notEqual(now, ahead)
    assert.equal(await issueWithToken(), now)
    service.clock.advance({ seconds: 301 })
    assert.notEqual(await issueWithToken(), now)
  })

  test('after a jump back, a throttled client is accepted again a minute later', async () => {
    const { accessKeyId } = service.credentials
    const failing = { credentials: { accessKeyId, secretAccessKey: 'wrong' } }
    const code = async (): Promise<string | undefined> => {
      const refusal = await service.refusal('ListCertificateAuthorities', {}, failing)
      return refusal.split(':')[0]
    }
    service.clock.advance({ days })
    while ((await code()) !== 'ThrottlingException') continue
    service.clock.advance({ days: -days })
    assert.equal(await code(), 'ThrottlingException')
    service.clock.advance({ seconds: 61 })
    assert.equal(await code(), 'InvalidSignatureException')
  })
})
