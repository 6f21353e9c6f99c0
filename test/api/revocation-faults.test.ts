/** Tests that no revocation is lost if the object store or the clock fails. */
import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
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

/** Creates a CA whose first, empty CRL has been published. */
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

/** Reasons of all publication failures so far. */
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

/** The two calls that check whether a bucket is writable. */
function bucketCheckingCalls(service: TestService, arn: string): Promise<string>[] {
  return [
    service.refusal('CreateCertificateAuthority', authorityInput({ more: revocationOptions() })),
    service.refusal('UpdateCertificateAuthority', {
      CertificateAuthorityArn: arn,
      RevocationConfiguration: { CrlConfiguration: crlConfiguration() },
    }),
  ]
}

/** Advances the clock until the job has failed `times` times, and then to the job's next retry. */
async function waitForFailures(faulty: Faulty, times: number): Promise<void> {
  const { service } = faulty
  await eventually(async () => {
    service.clock.advance({ seconds: 1 })
    await service.runJob('publish-crls')
    return failureReasons(faulty).length >= times ? true : undefined
  }, `${times} failures`)
  service.clock.advance({ seconds: 5 * 2 ** (times - 1) })
}

const internalReason = 'Failed to write CRL to S3. Internal failure.'
const refusedReason = 'Failed to write CRL to S3. Check your S3 bucket permissions.'

/** Each type of failure, with the reason in its event. */
const failureCases: readonly { readonly mode: Mode; readonly reason: string }[] = [
  { mode: 'error', reason: internalReason },
  { mode: 'half', reason: internalReason },
  { mode: 'lost', reason: internalReason },
  { mode: 'refuse', reason: refusedReason },
  { mode: 'missing', reason: refusedReason },
]

function nameOf(reason: unknown): string | undefined {
  return reason instanceof Error ? reason.name : undefined
}

async function revokeSome(service: TestService, arn: string, count: number): Promise<string[]> {
  const leaves = await Promise.all(
    Array.from({ length: count }, () => issue(service, { arn, csr: csr('ec-server') })),
  )
  for (const leaf of leaves) await revoke(service, leaf.arn)
  // CRLs are delayed by one second to wait for further revocations (--crl-delay).
  service.clock.advance({ seconds: 1 })
  return leaves.map((leaf) => leaf.arn)
}

function assertLists(crl: ReadCrl, certificateArns: readonly string[]): void {
  for (const arn of certificateArns)
    assert.ok(crl.entries.has(lastOf(arn).replace(/^0+/, '')), `${arn} is on the CRL`)
}

describe('a store that fails', { concurrency: true }, () => {
  test('a store failure at the creation or update of a CA is reported as a permission error of the bucket', async (t) => {
    const { service, objects } = await startFaulty(t)
    const { arn } = await createRoot(service)
    const described = () =>
      service.must('DescribeCertificateAuthority', { CertificateAuthorityArn: arn })
    const before = await described()
    for (const mode of failingModes) {
      objects.mode = mode
      assert.deepEqual(await Promise.all(bucketCheckingCalls(service, arn)), [
        bucketRefusal,
        bucketRefusal,
      ])
      assert.deepEqual(await described(), before, mode)
    }
    const { CertificateAuthorities } = await service.must('ListCertificateAuthorities', {})
    assert.equal(CertificateAuthorities.length, 1, 'no CA was created')
    await service.must('UpdateCertificateAuthority', {
      CertificateAuthorityArn: arn,
      RevocationConfiguration: { OcspConfiguration: { Enabled: true } },
    })
    await createAuthority(service)
    objects.mode = 'works'
    await createAuthority(service, { more: revocationOptions() })
    assert.equal(
      await metric(service, 'misconfigured_crl_bucket_total'),
      0,
      'no CRL was refused by the bucket',
    )
  })

  test('requests to a store that does not respond time out, and other work continues meanwhile', async (t) => {
    const { service, objects } = await startFaulty(t)
    const { root } = await publishingRoot(service)
    objects.affects = ({ key }) => key.startsWith('acm-pca-permission-test-key')
    objects.mode = 'hang'
    const gate = Promise.withResolvers<void>()
    objects.abortGate = gate.promise
    const refused = Promise.all(bucketCheckingCalls(service, root.arn))
    await eventually(
      async () => (objects.failures === 4 ? true : undefined),
      'four hanging requests',
    )
    const leaf = await issue(service, { arn: root.arn, csr: csr('ec-server') })
    await revoke(service, leaf.arn)
    // Hanging requests cannot end before the gate opens, so the test must not wait for them.
    await crlWith(service, leaf.arn)
    gate.resolve()
    assert.deepEqual(await refused, [bucketRefusal, bucketRefusal])
    assert.deepEqual(objects.abortReasons.map(nameOf), Array(4).fill('TimeoutError'))
  })

  for (const { mode, reason } of failureCases)
    test(`revocations during a store failure (${mode}) are published once the store works`, async (t) => {
      const faulty = await startFaulty(t)
      const { service, objects } = faulty
      const { root, key, first } = await publishingRoot(service)
      objects.mode = mode
      const revoked = await revokeSome(service, root.arn, 3)
      await waitForFailures(faulty, 2)
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

  test('a CRL that could not be published before a restart is published after it', async (t) => {
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

  test('revocations while the store hangs are published once it responds', async (t) => {
    const { service, objects } = await startFaulty(t)
    const { root, key } = await publishingRoot(service)
    objects.mode = 'hang'
    const revoked = await revokeSome(service, root.arn, 2)
    await eventually(async () => (objects.failures > 0 ? true : undefined), 'a hanging request')
    revoked.push(...(await revokeSome(service, root.arn, 2)))
    objects.mode = 'works'
    assertLists(await crlThat(service, key, ({ entries }) => entries.size === 4), revoked)
  })

  test('a bucket that hangs does not delay the CRLs of other buckets', async (t) => {
    const { service, objects } = await startFaulty(t)
    await service.createBucket('slow')
    const configuration = crlConfiguration({ S3BucketName: 'slow' })
    const slow = await createRoot(service, { more: revocationOptions(configuration) })
    const { root } = await publishingRoot(service)
    objects.affects = ({ bucket }) => bucket === 'slow'
    objects.mode = 'hang'
    await issue(service, { arn: slow.arn, csr: csr('ec-server') })
    await eventually(async () => (objects.failures > 0 ? true : undefined), 'a hanging request')
    const [arn = ''] = await revokeSome(service, root.arn, 1)
    await crlWith(service, arn)
  })

  test('a server stops without waiting for a store that hangs', async (t) => {
    const { service, objects } = await startFaulty(t)
    const { root, key } = await publishingRoot(service)
    objects.mode = 'hang'
    const revoked = await revokeSome(service, root.arn, 1)
    await eventually(async () => (objects.failures > 0 ? true : undefined), 'a hanging request')
    await service.restart()
    objects.mode = 'works'
    assertLists(await crlThat(service, key, ({ entries }) => entries.size === 1), revoked)
    assert.ok(objects.abortReasons.length > 0, 'the stop aborts the hanging request')
    assert.ok(!objects.abortReasons.map(nameOf).includes('TimeoutError'))
  })

  test('many CAs with a refusing bucket do not delay the CRL of another CA', async (t) => {
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
      assert.equal(await finalStatus(service, report), 'SUCCESS')
      const text = await service.readObject(crlBucket, report.S3Key)
      assert.equal((JSON.parse(String(text)) as unknown[]).length, 1)
      assert.deepEqual(reportResults(faulty), ['success'])
    })

  test('an audit report that a bucket refuses is FAILED immediately, and another one can be requested', async (t) => {
    const faulty = await startFaulty(t)
    const { service, objects } = faulty
    const root = await createRoot(service)
    objects.affects = ({ key }) => key.startsWith('audit-report')
    objects.mode = 'refuse'
    assert.equal(await finalStatus(service, await requestReport(service, root.arn)), 'FAILED')
    assert.deepEqual(reportResults(faulty), ['failure'])
    objects.mode = 'works'
    assert.equal(await finalStatus(service, await requestReport(service, root.arn)), 'SUCCESS')
  })

  test('an audit report that cannot be stored for an hour is FAILED', async (t) => {
    const faulty = await startFaulty(t)
    const { service, objects } = faulty
    const root = await createRoot(service)
    objects.mode = 'error'
    const report = await requestReport(service, root.arn)
    await eventually(async () => (objects.failures > 1 ? true : undefined), 'two failures')
    service.clock.advance({ seconds: 3600 })
    assert.equal(await finalStatus(service, report), 'FAILED')
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

/** Waits for the final status of an audit report. A failed attempt is retried after ten seconds. */
async function finalStatus(service: TestService, report: Report): Promise<string> {
  return eventually(async () => {
    service.clock.advance({ seconds: 1 })
    await service.runJob('write-audit-reports')
    const { AuditReportStatus } = await describedReport(service, report)
    return AuditReportStatus === 'CREATING' ? undefined : (AuditReportStatus as string)
  }, 'the final status of a report')
}

function reportResults({ events }: Faulty): string[] {
  return events()
    .filter((event) => event['detail-type'] === 'ACM Private CA Audit Report Generation')
    .map(({ detail }) => detail.result as string)
}

/**
 * Revokes a new certificate. Returns the CRL that lists the certificate. The CRL must be new and have a higher number than
 * `before`.
 */
async function nextCrl(
  service: TestService,
  { arn, before }: { readonly arn: string; readonly before: ReadCrl },
): Promise<ReadCrl> {
  const assertCurrent = currency(service)
  const [leaf = ''] = await revokeSome(service, arn, 1)
  const findCrl = async (): Promise<ReadCrl | undefined> => {
    await service.runJob('publish-crls')
    const crl = await readableCrl(service, `crl/${lastOf(arn)}.crl`)
    return crl?.entries.has(lastOf(leaf).replace(/^0+/, '')) === true ? crl : undefined
  }
  const next = await eventually(findCrl, 'the next CRL')
  assert.ok(next.crlNumber! > before.crlNumber!, `${next.crlNumber} after ${before.crlNumber}`)
  assertCurrent(next)
  return next
}

/** Returns undefined if the object is not a CRL. A third party may have overwritten the object. */
async function readableCrl(service: TestService, key: string): Promise<ReadCrl | undefined> {
  const der = await service.readObject(crlBucket, key)
  try {
    return der && readCrl(der)
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}

/** Returns a function that checks that a CRL was signed after this call, according to the service's clock. */
function currency(service: TestService): (crl: ReadCrl) => void {
  const since = Math.floor(service.clock.now().getTime() / 1000) * 1000
  return ({ thisUpdate }) => {
    // thisUpdate is one hour before the signature.
    const signedAt = thisUpdate.getTime() + 3_600_000
    const now = service.clock.now().getTime()
    assert.ok(signedAt >= since && signedAt <= now, `signed at ${signedAt}, ${since} to ${now}`)
  }
}

describe('changes of the clock', { concurrency: true }, () => {
  for (const [name, days] of [
    ['half an hour', 1 / 48],
    ['a day', 1],
    ['a year', 365],
  ] as const)
    test(`after the clock is set back by ${name} the next CRL has a higher number and the new time`, async (t) => {
      const { service } = await startFaulty(t)
      const { root, first } = await publishingRoot(service)
      const leaves = await Promise.all(
        [1, 2].map(() => issue(service, { arn: root.arn, csr: csr('ec-server') })),
      )
      service.clock.advance({ days: -days })
      let last = first
      for (const { arn } of leaves) {
        const assertCurrent = currency(service)
        await revoke(service, arn)
        const next = await crlWith(service, arn)
        assert.ok(next.crlNumber! > last.crlNumber!)
        assertCurrent(next)
        last = next
      }
    })

  test('a CRL from a clock that was a year ahead is replaced after the correction, without a revocation', async (t) => {
    const { service } = await startFaulty(t)
    const { root, key, first } = await publishingRoot(service)
    service.clock.advance({ days: 365 })
    const assertOfFuture = currency(service)
    const future = await crlThat(service, key, (crl) => crl.crlNumber !== first.crlNumber)
    assert.ok(future.crlNumber! > first.crlNumber!)
    assertOfFuture(future)
    service.clock.advance({ days: -365 })
    const assertCorrected = currency(service)
    const again = await crlThat(service, key, (crl) => crl.crlNumber !== future.crlNumber)
    assert.equal(again.crlNumber, future.crlNumber! + 1n)
    assertCorrected(again)
    await nextCrl(service, { arn: root.arn, before: again })
  })

  test('a CRL that waits for the store is published even if the clock is set back', async (t) => {
    const faulty = await startFaulty(t)
    const { service, objects } = faulty
    const { root, key } = await publishingRoot(service)
    // The last CRL must be older than the time to which the clock is set.
    service.clock.advance({ days: 2 })
    objects.mode = 'error'
    const revoked = await revokeSome(service, root.arn, 1)
    await waitForFailures(faulty, 2)
    service.clock.advance({ days: -1 })
    const assertCurrent = currency(service)
    objects.mode = 'works'
    const crl = await crlThat(service, key, ({ entries }) => entries.size === 1)
    assertLists(crl, revoked)
    assertCurrent(crl)
  })

  test('the first CRL is published even if the clock was set back before its publication', async (t) => {
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

  test('a waiting audit report is written even if the clock is set back', async (t) => {
    const { service, objects } = await startFaulty(t)
    const root = await createRoot(service)
    objects.mode = 'error'
    const report = await requestReport(service, root.arn)
    await eventually(async () => (objects.failures > 0 ? true : undefined), 'a failure')
    service.clock.advance({ days: -1 })
    objects.mode = 'works'
    assert.equal(await finalStatus(service, report), 'SUCCESS')
  })
})

/** Overwrites an object, as a third party might. */
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

interface ChangeContext {
  readonly service: TestService
  readonly key: string
  /** The first, empty CRL. */
  readonly first: ReadCrl
}

/** Changes that a third party might make to a CRL object. */
const changes: Readonly<Record<string, (context: ChangeContext) => Promise<void>>> = {
  'replaced by an empty object': ({ service, key }) => overwrite(service, key, new Uint8Array()),
  'replaced by garbage': ({ service, key }) =>
    overwrite(service, key, new Uint8Array(1000).fill(0x30)),
  truncated: ({ service, key, first }) =>
    overwrite(service, key, first.der.subarray(0, first.der.length / 2)),
  'replaced by the CRL of another CA': async ({ service, key }) => {
    service.clock.advance({ seconds: 60 })
    const other = await publishingRoot(service)
    service.clock.advance({ seconds: -60 })
    await overwrite(service, key, other.first.der)
  },
  'replaced by an older CRL of the same CA': ({ service, key, first }) =>
    overwrite(service, key, first.der),
  'replaced by a CRL with a raised number and an invalid signature': ({ service, key, first }) =>
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

describe('objects that a third party changes', { concurrency: true }, () => {
  for (const [name, change] of Object.entries(changes))
    test(`after the object was ${name} the next CRL is correct and has a higher number`, async (t) => {
      const { service } = await startFaulty(t)
      const { root, key, first } = await publishingRoot(service)
      const second = await nextCrl(service, { arn: root.arn, before: first })
      await change({ service, key, first })
      const third = await nextCrl(service, { arn: root.arn, before: second })
      assert.equal(third.entries.size, 2)
      assert.ok(
        third.crlNumber! - second.crlNumber! < 60_000n,
        'the number does not follow a foreign CRL',
      )
    })

  test('a deleted bucket is reported, and the CRL is published once the bucket exists again', async (t) => {
    const faulty = await startFaulty(t)
    const { service } = faulty
    const { root, key, first } = await publishingRoot(service)
    await rm(join(bucketsFolder(service.config), crlBucket), { recursive: true })
    const revoked = await revokeSome(service, root.arn, 2)
    await waitForFailures(faulty, 2)
    assert.deepEqual(new Set(failureReasons(faulty)), new Set([refusedReason]))
    await service.createBucket(crlBucket)
    service.clock.advance({ seconds: 20 })
    const last = await crlThat(service, key, ({ entries }) => entries.size === 2)
    assertLists(last, revoked)
    assert.ok(last.crlNumber! > first.crlNumber!)
  })

  test('after a restore next to newer CRLs, new CRL numbers continue from the numbers of those CRLs', async (t) => {
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
    const assertCurrent = currency(again)
    await revoke(again, leaf.arn)
    const next = await crlWith(again, leaf.arn)
    assert.equal(next.crlNumber, future.crlNumber! + 1n)
    assertCurrent(next)
  })
})
