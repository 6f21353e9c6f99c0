/** A clock that jumps by a year, forward and back, under a service that runs. CRLs: revocation-faults.test.ts. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { csr } from '../support/csrs.ts'
import { createRoot, issue, issueInput } from '../support/hierarchy.ts'
import { crlBucket, eventually } from '../support/revocation.ts'
import { TestService } from '../support/service.ts'

const days = 365

suite('a clock that jumps', () => {
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

  /** What the service does must go on within seconds of the new time. */
  async function works(): Promise<void> {
    await issue(service, { arn: root.arn, csr: csr('ec-server') })
    const about = { CertificateAuthorityArn: root.arn }
    const { AuditReportId } = await service.must('CreateCertificateAuthorityAuditReport', {
      ...about,
      S3BucketName: crlBucket,
      AuditReportResponseFormat: 'JSON',
    })
    await eventually(async () => {
      const { AuditReportStatus } = await service.must('DescribeCertificateAuthorityAuditReport', {
        ...about,
        AuditReportId,
      })
      return AuditReportStatus === 'SUCCESS' ? true : undefined
    }, 'an audit report')
    for (const url of [service.url, service.publicUrl])
      assert.equal((await fetch(`${url}/healthz`)).status, 200)
  }

  for (const jump of [days, -days])
    test(`by ${jump} days leaves nothing in the way, and no time below zero`, async () => {
      await works()
      service.clock.advance({ days: jump })
      await works()
      const negative = await service.inDatabase(
        'select job from job_outcomes where milliseconds < 0',
      )
      assert.deepEqual(negative, [])
      service.clock.advance({ days: -jump })
    })

  test('back lets an idempotency token stand for its call for minutes, not for a year', async () => {
    const input = issueInput(root.arn, csr('ec-server'), { more: { IdempotencyToken: 'again' } })
    const issued = async (): Promise<string> =>
      (await service.must('IssueCertificate', input)).CertificateArn as string
    service.clock.advance({ days })
    const ahead = await issued()
    assert.equal(await issued(), ahead)
    service.clock.advance({ days: -days })
    const now = await issued()
    assert.notEqual(now, ahead)
    assert.equal(await issued(), now)
    service.clock.advance({ seconds: 301 })
    assert.notEqual(await issued(), now)
  })

  test('back lets who failed too often be heard a minute later', async () => {
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
