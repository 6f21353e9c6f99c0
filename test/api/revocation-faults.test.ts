/** The store fails in every way, and no revocation is lost. */
import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { bucketsFolder } from '../../src/data-folder/data-folder.ts'
import { deleteObject } from '../../src/objects/embedded-buckets.ts'
import { createEmbeddedObjectStore } from '../../src/objects/embedded-object-store.ts'
import { fileNameOf } from '../../src/objects/object-file.ts'
import { systemRandom } from '../../src/random.ts'
import { encodeCrlNumber } from '../../src/x509/certificate-list.ts'
import { DerError } from '../../src/x509/der/error.ts'
import { csr } from '../support/csrs.ts'
import { copyData, startFaulty, type Faulty, type Mode } from '../support/failing-objects.ts'
import { authorityInput, createAuthority, createRoot, issue } from '../support/hierarchy.ts'
import {
  crlBucket,
  crlConfiguration,
  crlThat,
  crlWith,
  eventually,
  lastOf,
  readCrl,
  revocationOptions,
  revoke,
  type ReadCrl,
} from '../support/revocation.ts'
import { TestService, type Members } from '../support/service.ts'

/** A CA whose first CRL, an empty one, is published. */
async function publishingRoot(service: TestService) {
  const root = await createRoot(service, { more: revocationOptions() })
  await issue(service, { arn: root.arn, csr: csr('ec-server') })
  const key = `crl/${lastOf(root.arn)}.crl`
  return { root, key, first: await crlThat(service, key, () => true) }
}

async function metric(service: TestService, name: string): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text()
  const found = new RegExp(`^signet_${name} (\\d+)$`, 'm').exec(text)
  return Number(found?.[1])
}

/** Reasons of the failures to publish so far. */
function failureReasons({ events }: Faulty): string[] {
  return events()
    .filter((event) => event['detail-type'] === 'ACM Private CA CRL Generation')
    .filter(({ detail }) => detail.result === 'failure')
    .map(({ detail }) => detail.reason as string)
}

const bucketRefusal =
  `ValidationException: Permission error with your S3 bucket '${crlBucket}'. Check that your bucket policy, ` +
  'encryption settings, S3 Block Public Access settings, and global account permissions are configured ' +
  'correctly. For more information, check the service documentation.'

const failingModes: readonly Mode[] = ['error', 'refuse', 'missing', 'half', 'lost']

/** The two calls that look whether a bucket can be written. */
function configuringCalls(service: TestService, arn: string): Promise<string>[] {
  return [
    service.refusal('CreateCertificateAuthority', authorityInput({ more: revocationOptions() })),
    service.refusal('UpdateCertificateAuthority', {
      CertificateAuthorityArn: arn,
      RevocationConfiguration: { CrlConfiguration: crlConfiguration() },
    }),
  ]
}

/** Moves the clock until the job has failed so often, and then to its next retry. */
async function failTimes(faulty: Faulty, times: number): Promise<void> {
  const { service } = faulty
  await eventually(async () => {
    service.clock.advance({ seconds: 1 })
    await service.runJob('publish-crls')
    return failureReasons(faulty).length >= times ? true : undefined
  }, `${times} failures`)
  service.clock.advance({ seconds: 5 * 2 ** (times - 1) })
}

const unwritten = 'Failed to write CRL to S3. Internal failure.'
const refusedReason = 'Failed to write CRL to S3. Check your S3 bucket permissions.'

/** Each way to fail, and how the event tells it. */
const failureCases: readonly { readonly mode: Mode; readonly reason: string }[] = [
  { mode: 'error', reason: unwritten },
  { mode: 'half', reason: unwritten },
  { mode: 'lost', reason: unwritten },
  { mode: 'refuse', reason: refusedReason },
  { mode: 'missing', reason: refusedReason },
]

async function revokeSome(service: TestService, arn: string, count: number): Promise<string[]> {
  const leaves = await Promise.all(
    Array.from({ length: count }, () => issue(service, { arn, csr: csr('ec-server') })),
  )
  for (const leaf of leaves) await revoke(service, leaf.arn)
  // CRLs wait for further revocations for a second (--crl-delay).
  service.clock.advance({ seconds: 1 })
  return leaves.map((leaf) => leaf.arn)
}

function assertLists(crl: ReadCrl, certificateArns: readonly string[]): void {
  for (const arn of certificateArns)
    assert.ok(crl.entries.has(lastOf(arn).replace(/^0+/, '')), `${arn} is on the CRL`)
}

describe('a store that fails', { concurrency: true }, () => {
  test('a store that fails when a CA is created or changed is a bucket without permission', async (t) => {
    const { service, objects } = await startFaulty(t)
    const { arn } = await createRoot(service)
    const described = () =>
      service.must('DescribeCertificateAuthority', { CertificateAuthorityArn: arn })
    const before = await described()
    for (const mode of failingModes) {
      objects.mode = mode
      assert.deepEqual(await Promise.all(configuringCalls(service, arn)), [
        bucketRefusal,
        bucketRefusal,
      ])
      assert.deepEqual(await described(), before, mode)
    }
    const { CertificateAuthorities } = await service.must('ListCertificateAuthorities', {})
    assert.equal(CertificateAuthorities.length, 1, 'none was made')
    await service.must('UpdateCertificateAuthority', {
      CertificateAuthorityArn: arn,
      RevocationConfiguration: { OcspConfiguration: { Enabled: true } },
    })
    await createAuthority(service)
    objects.mode = 'works'
    await createAuthority(service, { more: revocationOptions() })
    assert.equal(await metric(service, 'misconfigured_crl_bucket_total'), 0, 'no CRL was refused')
  })

  test('a store that does not answer is given up, and meanwhile everything else goes on', async (t) => {
    const { service, objects } = await startFaulty(t)
    const { root } = await publishingRoot(service)
    objects.affects = ({ key }) => key.startsWith('acm-pca-permission-test-key')
    objects.mode = 'hang'
    const begun = performance.now()
    const refused = Promise.all(configuringCalls(service, root.arn))
    await eventually(async () => (objects.failures === 4 ? true : undefined), 'all four hang')
    const leaf = await issue(service, { arn: root.arn, csr: csr('ec-server') })
    await revoke(service, leaf.arn)
    await crlWith(service, leaf.arn)
    assert.ok(performance.now() - begun < 15_000)
    assert.deepEqual(await refused, [bucketRefusal, bucketRefusal])
    assert.ok(performance.now() - begun < 25_000, 'in bounded time')
  })

  for (const { mode, reason } of failureCases)
    test(`what is revoked while the store fails (${mode}) is published once it works`, async (t) => {
      const faulty = await startFaulty(t)
      const { service, objects } = faulty
      const { root, key, first } = await publishingRoot(service)
      objects.mode = mode
      const revoked = await revokeSome(service, root.arn, 3)
      await failTimes(faulty, 2)
      revoked.push(...(await revokeSome(service, root.arn, 2)))
      assert.deepEqual(failureReasons(faulty).slice(0, 2), [reason, reason])
      objects.mode = 'works'
      service.clock.advance({ seconds: 20 })
      const last = await crlThat(service, key, ({ entries }) => entries.size === 5)
      assertLists(last, revoked)
      assert.ok(last.crlNumber! > first.crlNumber!)
      const misconfigured = reason === refusedReason ? failureReasons(faulty).length : 0
      assert.equal(await metric(service, 'misconfigured_crl_bucket_total'), misconfigured)
    })

  test('what the store did not take before a restart it is given after it', async (t) => {
    const { service, objects } = await startFaulty(t)
    const root = await createRoot(service, { more: revocationOptions() })
    objects.mode = 'error'
    const revoked = await revokeSome(service, root.arn, 2)
    await eventually(async () => (objects.failures > 0 ? true : undefined), 'a failure')
    await service.restart()
    revoked.push(...(await revokeSome(service, root.arn, 1)))
    objects.mode = 'works'
    await service.restart()
    service.clock.advance({ seconds: 20 })
    const key = `crl/${lastOf(root.arn)}.crl`
    assertLists(await crlThat(service, key, ({ entries }) => entries.size === 3), revoked)
  })

  test('what is revoked while the store hangs is published once it answers', async (t) => {
    const { service, objects } = await startFaulty(t)
    const { root, key } = await publishingRoot(service)
    objects.mode = 'hang'
    const revoked = await revokeSome(service, root.arn, 2)
    await eventually(async () => (objects.failures > 0 ? true : undefined), 'it hangs')
    revoked.push(...(await revokeSome(service, root.arn, 2)))
    objects.mode = 'works'
    assertLists(await crlThat(service, key, ({ entries }) => entries.size === 4), revoked)
  })

  test('a bucket that hangs does not hold up the CRLs of other buckets', async (t) => {
    const { service, objects } = await startFaulty(t)
    await service.createBucket('slow')
    const configuration = crlConfiguration({ S3BucketName: 'slow' })
    const slow = await createRoot(service, { more: revocationOptions(configuration) })
    const { root } = await publishingRoot(service)
    objects.affects = ({ bucket }) => bucket === 'slow'
    objects.mode = 'hang'
    await issue(service, { arn: slow.arn, csr: csr('ec-server') })
    await eventually(async () => (objects.failures > 0 ? true : undefined), 'it hangs')
    const [arn = ''] = await revokeSome(service, root.arn, 1)
    await crlWith(service, arn)
  })

  test('a server that is told to stop while the store hangs does not wait for it', async (t) => {
    const { service, objects } = await startFaulty(t)
    const { root, key } = await publishingRoot(service)
    objects.mode = 'hang'
    const revoked = await revokeSome(service, root.arn, 1)
    await eventually(async () => (objects.failures > 0 ? true : undefined), 'it hangs')
    const restarted = service.restart()
    const late = await Promise.race([restarted, setTimeout(15_000, 'late')])
    objects.mode = 'works'
    await restarted
    assertLists(await crlThat(service, key, ({ entries }) => entries.size === 1), revoked)
    assert.notEqual(late, 'late')
  })

  test('many CAs whose bucket refuses do not hold up another', async (t) => {
    const { service, objects } = await startFaulty(t)
    await service.createBucket('closed')
    objects.affects = ({ bucket, key }) => bucket === 'closed' && key.endsWith('.crl')
    objects.mode = 'refuse'
    const configuration = crlConfiguration({ S3BucketName: 'closed' })
    await Promise.all(
      Array.from({ length: 30 }, async () => {
        const root = await createRoot(service, { more: revocationOptions(configuration) })
        await issue(service, { arn: root.arn, csr: csr('ec-server') })
      }),
    )
    const { root } = await publishingRoot(service)
    const [arn = ''] = await revokeSome(service, root.arn, 1)
    await crlWith(service, arn)
  })

  for (const mode of ['error', 'half', 'lost'] as const)
    test(`an audit report is written once the store works again (${mode})`, async (t) => {
      const faulty = await startFaulty(t)
      const { service, objects } = faulty
      const root = await createRoot(service)
      objects.mode = mode
      const report = await requestReport(service, root.arn)
      await eventually(async () => (objects.failures > 1 ? true : undefined), 'two failures')
      assert.equal((await describedReport(service, report)).AuditReportStatus, 'CREATING')
      objects.mode = 'works'
      service.clock.advance({ seconds: 20 })
      assert.equal(await endOf(service, report), 'SUCCESS')
      const text = await service.readObject(crlBucket, report.S3Key)
      assert.equal((JSON.parse(String(text)) as unknown[]).length, 1)
      assert.deepEqual(reportResults(faulty), ['success'])
    })

  test('an audit report that a bucket refuses is FAILED at once, and another may be asked for', async (t) => {
    const faulty = await startFaulty(t)
    const { service, objects } = faulty
    const root = await createRoot(service)
    objects.affects = ({ key }) => key.startsWith('audit-report')
    objects.mode = 'refuse'
    assert.equal(await endOf(service, await requestReport(service, root.arn)), 'FAILED')
    assert.deepEqual(reportResults(faulty), ['failure'])
    objects.mode = 'works'
    assert.equal(await endOf(service, await requestReport(service, root.arn)), 'SUCCESS')
  })

  test('an audit report that no store takes for an hour is FAILED', async (t) => {
    const faulty = await startFaulty(t)
    const { service, objects } = faulty
    const root = await createRoot(service)
    objects.mode = 'error'
    const report = await requestReport(service, root.arn)
    await eventually(async () => (objects.failures > 1 ? true : undefined), 'two failures')
    service.clock.advance({ seconds: 3600 })
    assert.equal(await endOf(service, report), 'FAILED')
    assert.deepEqual(reportResults(faulty), ['failure'])
  })
})

interface Report {
  readonly CertificateAuthorityArn: string
  readonly AuditReportId: string
  readonly S3Key: string
}

async function requestReport(service: TestService, arn: string): Promise<Report> {
  const { AuditReportId, S3Key } = await service.must('CreateCertificateAuthorityAuditReport', {
    CertificateAuthorityArn: arn,
    S3BucketName: crlBucket,
    AuditReportResponseFormat: 'JSON',
  })
  return { CertificateAuthorityArn: arn, AuditReportId, S3Key }
}

async function describedReport(service: TestService, report: Report): Promise<Members> {
  const { CertificateAuthorityArn, AuditReportId } = report
  const input = { CertificateAuthorityArn, AuditReportId }
  return service.must('DescribeCertificateAuthorityAuditReport', input)
}

/** The status that is not CREATING any more. What failed when the store came back is tried again ten seconds later. */
async function endOf(service: TestService, report: Report): Promise<string> {
  return eventually(
    async () => {
      service.clock.advance({ seconds: 1 })
      await service.runJob('write-audit-reports')
      const { AuditReportStatus } = await describedReport(service, report)
      return AuditReportStatus === 'CREATING' ? undefined : (AuditReportStatus as string)
    },
    'the end of a report',
    30,
  )
}

function reportResults({ events }: Faulty): string[] {
  return events()
    .filter((event) => event['detail-type'] === 'ACM Private CA Audit Report Generation')
    .map(({ detail }) => detail.result as string)
}

/** Revokes a new certificate: the CRL that lists it, which has a higher number than `before`. */
async function nextCrl(
  service: TestService,
  { arn, before }: { readonly arn: string; readonly before: ReadCrl },
): Promise<ReadCrl> {
  const [leaf = ''] = await revokeSome(service, arn, 1)
  const look = async (): Promise<ReadCrl | undefined> => {
    await service.runJob('publish-crls')
    const crl = await readableCrl(service, `crl/${lastOf(arn)}.crl`)
    return crl?.entries.has(lastOf(leaf).replace(/^0+/, '')) === true ? crl : undefined
  }
  const next = await eventually(look, 'the next CRL')
  assert.ok(next.crlNumber! > before.crlNumber!, `${next.crlNumber} after ${before.crlNumber}`)
  return next
}

/** Undefined if what is there is no CRL: somebody else may have put it there. */
async function readableCrl(service: TestService, key: string): Promise<ReadCrl | undefined> {
  const der = await service.readObject(crlBucket, key)
  try {
    return der && readCrl(der)
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}

function assertMadeNow(service: TestService, { thisUpdate }: ReadCrl): void {
  const age = service.clock.now().getTime() - thisUpdate.getTime()
  assert.ok(age >= 3_600_000 && age < 3_630_000, `thisUpdate is ${age} ms ago`)
}

describe('a clock that is set', { concurrency: true }, () => {
  for (const [name, days] of [
    ['half an hour', 1 / 48],
    ['a day', 1],
    ['a year', 365],
  ] as const)
    test(`back by ${name}: the next CRL has a higher number and the new time`, async (t) => {
      const { service } = await startFaulty(t)
      const { root, first } = await publishingRoot(service)
      const leaves = await Promise.all(
        [1, 2].map(() => issue(service, { arn: root.arn, csr: csr('ec-server') })),
      )
      service.clock.advance({ days: -days })
      let last = first
      for (const { arn } of leaves) {
        await revoke(service, arn)
        const next = await crlWith(service, arn)
        assert.ok(next.crlNumber! > last.crlNumber!)
        assertMadeNow(service, next)
        last = next
      }
    })

  test('a year ahead and back: a CRL of the future is replaced, without a revocation', async (t) => {
    const { service } = await startFaulty(t)
    const { root, key, first } = await publishingRoot(service)
    service.clock.advance({ days: 365 })
    const future = await crlThat(service, key, (crl) => crl.crlNumber !== first.crlNumber)
    assert.ok(future.crlNumber! > first.crlNumber!)
    assertMadeNow(service, future)
    service.clock.advance({ days: -365 })
    const again = await crlThat(service, key, (crl) => crl.crlNumber !== future.crlNumber)
    assert.equal(again.crlNumber, future.crlNumber! + 1n)
    assertMadeNow(service, again)
    const next = await nextCrl(service, { arn: root.arn, before: again })
    assertMadeNow(service, next)
  })

  test('back while the store is down: what waits is published once it works', async (t) => {
    const faulty = await startFaulty(t)
    const { service, objects } = faulty
    const { root, key } = await publishingRoot(service)
    // So that the last CRL is older than the time that the clock is set to.
    service.clock.advance({ days: 2 })
    objects.mode = 'error'
    const revoked = await revokeSome(service, root.arn, 1)
    await failTimes(faulty, 2)
    service.clock.advance({ days: -1 })
    objects.mode = 'works'
    const crl = await crlThat(service, key, ({ entries }) => entries.size === 1)
    assertLists(crl, revoked)
    assertMadeNow(service, crl)
  })

  test('back before the first CRL is published: it is published', async (t) => {
    const { service, objects } = await startFaulty(t)
    const root = await createRoot(service, { more: revocationOptions() })
    objects.mode = 'error'
    const revoked = await revokeSome(service, root.arn, 1)
    await eventually(async () => (objects.failures > 0 ? true : undefined), 'a failure')
    service.clock.advance({ days: -1 })
    objects.mode = 'works'
    const key = `crl/${lastOf(root.arn)}.crl`
    assertLists(await crlThat(service, key, ({ entries }) => entries.size === 1), revoked)
  })

  test('back while an audit report waits: it is written', async (t) => {
    const { service, objects } = await startFaulty(t)
    const root = await createRoot(service)
    objects.mode = 'error'
    const report = await requestReport(service, root.arn)
    await eventually(async () => (objects.failures > 0 ? true : undefined), 'a failure')
    service.clock.advance({ days: -1 })
    objects.mode = 'works'
    assert.equal(await endOf(service, report), 'SUCCESS')
  })
})

/** Writes what somebody else might. */
async function overwrite(service: TestService, key: string, body: Uint8Array): Promise<void> {
  const { config, clock, publicUrl } = service
  const directory = bucketsFolder(config)
  const store = createEmbeddedObjectStore({ directory, publicUrl, clock, random: systemRandom })
  await store.put({ bucket: crlBucket, key }, body, {
    acl: 'PUBLIC_READ',
    contentType: 'application/pkix-crl',
    accountId: config.accountId,
  })
}

interface Changed {
  readonly service: TestService
  readonly key: string
  /** The first CRL, an empty one. */
  readonly first: ReadCrl
}

/** What may happen to the object of a CRL behind our back. */
const changes: Readonly<Record<string, (changed: Changed) => Promise<void>>> = {
  'replaced by an empty object': ({ service, key }) => overwrite(service, key, new Uint8Array()),
  'replaced by garbage': ({ service, key }) =>
    overwrite(service, key, new Uint8Array(1000).fill(0x30)),
  'cut off in the middle': ({ service, key, first }) =>
    overwrite(service, key, first.der.subarray(0, first.der.length / 2)),
  'replaced by the CRL of another CA': async ({ service, key }) => {
    service.clock.advance({ seconds: 60 })
    const other = await publishingRoot(service)
    service.clock.advance({ seconds: -60 })
    await overwrite(service, key, other.first.der)
  },
  'replaced by an older CRL of the same CA': ({ service, key, first }) =>
    overwrite(service, key, first.der),
  'replaced by one whose number was raised without a new signature': ({ service, key, first }) =>
    overwrite(service, key, withRaisedNumber(first)),
  deleted: ({ service, key }) =>
    deleteObject(bucketsFolder(service.config), { bucket: crlBucket, key }),
  'damaged on the disk': async ({ service, key }) => {
    const path = join(bucketsFolder(service.config), crlBucket, fileNameOf(key))
    await truncate(path, 100)
  },
}

function withRaisedNumber({ der, crlNumber }: ReadCrl): Uint8Array {
  const number = Buffer.from(encodeCrlNumber(crlNumber!))
  const raised = Buffer.from(der)
  const offset = raised.indexOf(number)
  assert.ok(offset > 0)
  raised[offset + 2] = 0x7f
  assert.ok(readCrl(raised).crlNumber! > crlNumber!)
  return raised
}

describe('an object that is changed behind our back', { concurrency: true }, () => {
  for (const [name, change] of Object.entries(changes))
    test(`${name}: the next CRL is right and has a higher number`, async (t) => {
      const { service } = await startFaulty(t)
      const { root, key, first } = await publishingRoot(service)
      const second = await nextCrl(service, { arn: root.arn, before: first })
      await change({ service, key, first })
      const third = await nextCrl(service, { arn: root.arn, before: second })
      assert.equal(third.entries.size, 2)
      assertMadeNow(service, third)
      assert.ok(third.crlNumber! - second.crlNumber! < 60_000n, 'no number of somebody else')
    })

  test('the bucket is deleted: that is told, and the CRL is published once it is there', async (t) => {
    const faulty = await startFaulty(t)
    const { service } = faulty
    const { root, key, first } = await publishingRoot(service)
    await rm(join(bucketsFolder(service.config), crlBucket), { recursive: true })
    const revoked = await revokeSome(service, root.arn, 2)
    await failTimes(faulty, 2)
    assert.deepEqual(new Set(failureReasons(faulty)), new Set([refusedReason]))
    await service.createBucket(crlBucket)
    service.clock.advance({ seconds: 20 })
    const last = await crlThat(service, key, ({ entries }) => entries.size === 2)
    assertLists(last, revoked)
    assert.ok(last.crlNumber! > first.crlNumber!)
  })

  test('a backup is restored below CRLs that are newer: numbers go on from those', async (t) => {
    const { service } = await startFaulty(t)
    const { root, key, first } = await publishingRoot(service)
    const leaf = await issue(service, { arn: root.arn, csr: csr('ec-server') })
    const restored = await mkdtemp(join(tmpdir(), 'signet-test-'))
    await copyData(service, restored)
    service.clock.advance({ days: 365 })
    const future = await crlThat(service, key, (crl) => crl.crlNumber !== first.crlNumber)
    const buckets = bucketsFolder(service.config)
    await rm(join(restored, 'objects'), { recursive: true })
    await cp(buckets, join(restored, 'objects'), { recursive: true })
    const again = await TestService.start({ data: restored })
    t.after(() => again.close())
    await revoke(again, leaf.arn)
    const next = await crlWith(again, leaf.arn)
    assert.equal(next.crlNumber, future.crlNumber! + 1n)
    assertMadeNow(again, next)
  })
})
