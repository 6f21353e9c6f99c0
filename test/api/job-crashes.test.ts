/**
 * Tests that kill the server at each step of its jobs and at random moments. After the next startup, the server must complete all
 * pending work.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { verify, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { EventBridgeEvent } from '../../src/authority/event.ts'
import { openObject } from '../../src/objects/embedded-buckets.ts'
import { openSqlite } from '../../src/store/sqlite/database.ts'
import { sql } from '../../src/store/sql.ts'
import { choicesOf } from '../chaos/choices.ts'
import type { CrashPlan } from '../support/crash-driver.ts'
import { csr } from '../support/csrs.ts'
import { copyData, FailingObjects } from '../support/failing-objects.ts'
import { createAuthority, createRoot, issue, issueInput } from '../support/hierarchy.ts'
import { startServer, type ServerProcess } from '../support/process.ts'
import {
  crlBucket,
  crlThat,
  eventually,
  lastOf,
  readCrl,
  revocationOptions,
  revoke,
  type ReadCrl,
} from '../support/revocation.ts'
import { readCredentials, TestClock, TestService, type Members } from '../support/service.ts'
import { signedHeaders, type Credentials } from '../support/signed-request.ts'

/** A webhook that records the events that it accepts. */
class Webhook {
  readonly #server: Server
  status = 200
  readonly events: EventBridgeEvent[] = []

  private constructor(server: Server) {
    this.#server = server
    server.on('request', (request, response) => {
      let body = ''
      request.on('data', (piece: Buffer) => (body += piece.toString()))
      request.on('end', () => {
        if (this.status === 200) this.events.push(JSON.parse(body) as EventBridgeEvent)
        response.writeHead(this.status).end()
      })
    })
  }

  static async start(): Promise<Webhook> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Webhook(server)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  /** Returns the number of accepted events with the given detail type and result. */
  count(type: string, result = 'success'): number {
    return this.events.filter(
      (event) => event['detail-type'] === type && event.detail.result === result,
    ).length
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** A data folder with pending work for every job, and the expected contents of the folder. */
interface PendingWork {
  readonly folder: string
  readonly root: { readonly arn: string; readonly certificate: string }
  /** Three certificates: one revoked and on the published CRL, one revoked but not yet published, and one not revoked. */
  readonly leaves: readonly string[]
  readonly first: ReadCrl
  readonly report: { readonly id: string; readonly key: string }
  /** A CA that has neither a key nor a CSR. */
  readonly creating: string
  /** A deleted CA whose key is due to be erased. */
  readonly erasable: string
}

const flags = { crlDelay: '0', auditReportInterval: '0' }

let pending: PendingWork
before(async () => {
  const webhook = await Webhook.start()
  const objects = new FailingObjects()
  const service = await TestService.start(
    { ...flags, eventWebhook: webhook.url },
    { wrapObjects: objects.wrap },
  )
  pending = await prepare(service, { objects, webhook })
  await service.close()
  await webhook.close()
})
after(() => rm(pending.folder, { recursive: true }))

async function prepare(
  service: TestService,
  { objects, webhook }: { readonly objects: FailingObjects; readonly webhook: Webhook },
): Promise<PendingWork> {
  await service.createBucket(crlBucket)
  const root = await createRoot(service, { more: revocationOptions() })
  const leaves: string[] = []
  for (let n = 0; n < 3; n += 1)
    leaves.push((await issue(service, { arn: root.arn, csr: csr('ec-server') })).arn)
  const key = `crl/${lastOf(root.arn)}.crl`
  await revoke(service, leaves[0]!)
  const first = await crlThat(service, key, ({ entries }) => entries.size === 1)
  await eventually(
    async () => (webhook.count('ACM Private CA CRL Generation') > 0 ? true : undefined),
    'the events so far',
  )
  webhook.status = 503
  objects.mode = 'error'
  await revoke(service, leaves[1]!)
  const { AuditReportId, S3Key } = await service.must('CreateCertificateAuthorityAuditReport', {
    CertificateAuthorityArn: root.arn,
    S3BucketName: crlBucket,
    AuditReportResponseFormat: 'JSON',
  })
  const creating = await createAuthority(service)
  const erasable = await createAuthority(service)
  await service.must('DeleteCertificateAuthority', { CertificateAuthorityArn: erasable.arn })
  const folder = await mkdtemp(join(tmpdir(), 'signet-pending-'))
  await copyData(service, folder)
  await makeDue(folder, lastOf(creating.arn), lastOf(erasable.arn))
  const report = { id: AuditReportId, key: S3Key }
  return { folder, root, leaves, first, report, creating: creating.arn, erasable: erasable.arn }
}

/** Makes all scheduled work due immediately, and resets the CA `creating` to its state before key generation. */
async function makeDue(folder: string, creating: string, erasable: string): Promise<void> {
  const db = await openSqlite(join(folder, 'signet.sqlite'))
  await db.transaction([
    sql`update crls set retry_at_ms = 0, due_at_ms = 0`,
    sql`update audit_reports set retry_at_ms = 0`,
    sql`update events set retry_at_ms = 0`,
    sql`update authorities set status = 'CREATING', key_handle = null, csr_pem = null
      where id = ${creating}`,
    sql`update authorities set restorable_until_ms = 1 where id = ${erasable}`,
  ])
  const rows = await db.query(sql`select count(*) as events from events`)
  assert.ok(Number(rows[0]?.['events']) > 2, 'events are queued')
  await db.close()
}

/** Runs the server until it kills itself at the planned step. Returns false if the server is still running after 30 seconds. */
async function crash(plan: CrashPlan): Promise<boolean> {
  const driver = join(import.meta.dirname, '..', 'support', 'crash-driver.ts')
  const child = spawn(process.execPath, [driver, JSON.stringify(plan)], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: process.env['PATH'] ?? '' },
  })
  const exited = once(child, 'exit')
  const late = await Promise.race([exited, setTimeout(30_000, 'late' as const)])
  if (late === 'late') child.kill('SIGKILL')
  const [code, signal] = (await exited) as [number | null, NodeJS.Signals | null]
  assert.deepEqual([code, signal], [null, 'SIGKILL'])
  return late !== 'late'
}

async function readObject(folder: string, key: string): Promise<Buffer | undefined> {
  const object = await openObject(join(folder, 'objects'), { bucket: crlBucket, key })
  if (object === undefined) return undefined
  const chunks: Buffer[] = []
  for await (const chunk of object.stream()) chunks.push(chunk as Buffer)
  await object.close()
  return Buffer.concat(chunks)
}

/** Returns the published CRL after OpenSSL has verified its signature, or undefined if no CRL is published. */
async function verifiedCrl(
  folder: string,
  { arn, certificate }: PendingWork['root'],
): Promise<ReadCrl | undefined> {
  const der = await readObject(folder, `crl/${lastOf(arn)}.crl`)
  if (der === undefined) return undefined
  const crl = readCrl(der)
  const key = new X509Certificate(certificate).publicKey
  assert.ok(
    verify('sha256', crl.tbsCertListDer, key, crl.signature),
    'the signature of the CRL is valid',
  )
  assert.ok(crl.nextUpdate > crl.thisUpdate)
  return crl
}

/** Starts a service on a crashed server's data folder, and asserts that the service completes all pending work. */
async function assertRecovered(folder: string, webhook: Webhook): Promise<void> {
  const crlAfterCrash = await verifiedCrl(folder, pending.root)
  assert.ok(crlAfterCrash && crlAfterCrash.crlNumber! >= pending.first.crlNumber!)
  // The leases of the killed process have expired by now.
  const clock = new TestClock()
  clock.advance({ seconds: 30 })
  const settings = { ...flags, data: folder, eventWebhook: webhook.url }
  const service = await TestService.start(settings, { clock })
  try {
    const recovered = await crlThat(
      service,
      `crl/${lastOf(pending.root.arn)}.crl`,
      (crl) =>
        listsAll(crl, pending.leaves.slice(0, 2)) && crl.crlNumber! >= crlAfterCrash.crlNumber!,
    )
    await assertReport(service)
    await assertAuthorities(service)
    await assertEventsDelivered(service, webhook)
    await revoke(service, pending.leaves[2]!)
    const next = await crlThat(service, `crl/${lastOf(pending.root.arn)}.crl`, (crl) =>
      listsAll(crl, pending.leaves),
    )
    assert.ok(next.crlNumber! > recovered.crlNumber!)
    assert.deepEqual((await verifiedCrl(folder, pending.root))?.der, next.der)
  } finally {
    await service.close()
  }
}

function listsAll({ entries }: ReadCrl, certificateArns: readonly string[]): boolean {
  return certificateArns.every((arn) => entries.has(lastOf(arn).replace(/^0+/, '')))
}

async function assertReport(service: TestService): Promise<void> {
  const { id, key } = pending.report
  const input = { CertificateAuthorityArn: pending.root.arn, AuditReportId: id }
  await eventually(async () => {
    const report = await service.must('DescribeCertificateAuthorityAuditReport', input)
    return report.AuditReportStatus === 'SUCCESS' ? true : undefined
  }, 'the audit report')
  const text = await service.readObject(crlBucket, key)
  const rows = JSON.parse(String(text)) as { revokedAt?: string }[]
  assert.equal(rows.length, 4)
  assert.equal(rows.filter(({ revokedAt }) => revokedAt !== undefined).length, 2)
}

async function assertAuthorities(service: TestService): Promise<void> {
  const input = { CertificateAuthorityArn: pending.creating }
  const Csr = await eventually(async () => {
    const { json } = await service.call('GetCertificateAuthorityCsr', input)
    return json['Csr']
  }, 'a CSR')
  assert.match(String(Csr), /BEGIN CERTIFICATE REQUEST/)
  const db = await openSqlite(join(service.config.dataDirectory, 'signet.sqlite'))
  const keyNames = async (): Promise<unknown[]> =>
    (await db.query(sql`select name from keys where name <> 'record' order by name`)).map(
      (row) => row['name'],
    )
  const expected = [pending.creating, pending.root.arn].map(lastOf).toSorted()
  await eventually(async () => ((await keyNames()).length === 2 ? true : undefined), 'two keys')
  assert.deepEqual(await keyNames(), expected)
  await db.close()
}

const expectedEvents: readonly string[] = [
  'ACM Private CA Certificate Revocation',
  'ACM Private CA CRL Generation',
  'ACM Private CA Audit Report Generation',
  'ACM Private CA Creation',
]

/** Asserts that all pending events and all events from the recovered work are delivered. */
async function assertEventsDelivered(service: TestService, webhook: Webhook): Promise<void> {
  const db = await openSqlite(join(service.config.dataDirectory, 'signet.sqlite'))
  await eventually(async () => {
    const missing = expectedEvents.filter((type) => webhook.count(type) === 0)
    const waiting = await db.query(sql`select event_number from events`)
    return missing.length + waiting.length === 0 ? true : undefined
  }, 'the delivery of all events')
  await db.close()
}

/**
 * Crashes a server on a copy of the data folder, and asserts that the server recovers. Returns false if the step was never
 * reached.
 */
async function crashAndRecover(plan: Omit<CrashPlan, 'data'>): Promise<boolean> {
  const data = await mkdtemp(join(tmpdir(), 'signet-crash-'))
  await cp(pending.folder, data, { recursive: true })
  const webhook = await Webhook.start()
  try {
    const reached = await crash({ ...plan, data, eventWebhook: webhook.url })
    await assertRecovered(data, webhook)
    return reached
  } finally {
    await webhook.close()
    await rm(data, { recursive: true, force: true })
  }
}

describe('recovery from a crash at a step of a job', { concurrency: 4 }, () => {
  for (const step of ['head', 'put', 'half', 'written'] as const)
    test(`work interrupted at step '${step}' of a CRL is completed after a restart`, async () => {
      assert.ok(await crashAndRecover({ step, key: 'crl/' }))
    })
  for (const step of ['put', 'half', 'written'] as const)
    test(`work interrupted at step '${step}' of an audit report is completed after a restart`, async () => {
      assert.ok(await crashAndRecover({ step, key: 'audit-report/' }))
    })
  // All pending work takes about thirty transactions. The test passes for every transaction at both steps, but a sample of
  // transactions is enough to find regressions.
  for (let count = 2; count <= 28; count += 6) {
    const step = count % 4 === 0 ? 'write' : 'committed'
    test(`work interrupted at step '${step}' of transaction ${count} is completed after a restart`, async () => {
      assert.ok(await crashAndRecover({ step, count }))
    })
  }
})

/** A client for a server that may be killed at any moment. After the server is killed, all calls reject. */
class Remote {
  readonly #server: ServerProcess
  readonly #credentials: Credentials

  constructor(server: ServerProcess, data: string) {
    this.#server = server
    this.#credentials = readCredentials(join(data, 'credentials'))
  }

  /** Rejects with `GoneError` if the server was killed, and with another error if the server rejects the request. */
  async must(operation: string, input: unknown): Promise<Members> {
    const { url } = this.#server
    const body = JSON.stringify(input)
    const target = `ACMPrivateCA.${operation}`
    const [region, credentials, date] = ['eu-west-1', this.#credentials, new Date()]
    const headers = signedHeaders({ url, target, body, region, credentials, date })
    const [status, text] = await fetch(`${url}/`, { method: 'POST', headers, body })
      .then(async (response) => [response.status, await response.text()] as const)
      .catch((error: unknown) => {
        throw new GoneError(operation, { cause: error })
      })
    if (status !== 200) throw new Error(`${operation}: ${text}`)
    return text === '' ? {} : JSON.parse(text)
  }
}

class GoneError extends Error {}

/** Acknowledged writes, and all published versions of the CRL, in order. */
interface Observations {
  /** Start of the test in milliseconds since 1970, rounded down to a second. */
  readonly startedAt: number
  readonly revoked: string[]
  readonly reports: { readonly id: string; readonly key: string; readonly issued: number }[]
  readonly crls: ReadCrl[]
  issued: number
}

async function issueAndRevoke(remote: Remote, observed: Observations): Promise<void> {
  const CertificateAuthorityArn = pending.root.arn
  const { CertificateArn } = await remote.must(
    'IssueCertificate',
    issueInput(CertificateAuthorityArn, csr('ec-server')),
  )
  observed.issued += 1
  await remote.must('RevokeCertificate', {
    CertificateAuthorityArn,
    CertificateSerial: lastOf(CertificateArn as string),
    RevocationReason: 'SUPERSEDED',
  })
  observed.revoked.push(CertificateArn as string)
}

async function requestReport(remote: Remote, observed: Observations): Promise<void> {
  const { issued } = observed
  try {
    const { AuditReportId, S3Key } = await remote.must('CreateCertificateAuthorityAuditReport', {
      CertificateAuthorityArn: pending.root.arn,
      S3BucketName: crlBucket,
      AuditReportResponseFormat: 'JSON',
    })
    observed.reports.push({ id: AuditReportId, key: S3Key, issued })
  } catch (error) {
    // A CA allows only one pending audit report at a time.
    if (!/RequestInProgressException/.test((error as Error).message)) throw error
  }
  await setTimeout(50)
}

/** Reads the CRL as a relying party does: each version must be valid and newer than the previous version. */
async function watchCrl(data: string, { startedAt, crls }: Observations): Promise<void> {
  const crl = await verifiedCrl(data, pending.root)
  const last = crls.at(-1) ?? pending.first
  assert.ok(crl, 'a CRL is always published')
  if (last.der.equals(crl.der)) return
  // thisUpdate is one hour before the signature.
  const signedAt = crl.thisUpdate.getTime() + 3_600_000
  assert.ok(signedAt >= startedAt && signedAt <= Date.now(), `signed at ${signedAt}`)
  assert.ok(crl.crlNumber! > last.crlNumber!, `${crl.crlNumber} after ${last.crlNumber}`)
  // The first CRL comes from a service whose clock may be ahead of the real time.
  if (crls.length > 0) assert.ok(crl.thisUpdate >= last.thisUpdate)
  for (const serial of last.entries.keys())
    assert.ok(crl.entries.has(serial), 'no entry is removed')
  crls.push(crl)
}

/** Repeats `work` until the server is killed. */
async function untilGone(work: () => Promise<void>): Promise<void> {
  try {
    for (;;) await work()
  } catch (error) {
    if (!(error instanceof GoneError)) throw error
  }
}

/** Reads the CRL until `ended` is aborted. */
async function watch(data: string, observed: Observations, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    await watchCrl(data, observed)
    await setTimeout(10)
  }
}

const seed = Number(process.env['SIGNET_CHAOS_SEED'] ?? 20_261_129)
const choices = choicesOf(seed)

/** Runs the server under load, and kills it at a random moment after further revocations and a new CRL. */
async function loadAndKill(
  data: string,
  observed: Observations,
  server: ServerProcess,
): Promise<void> {
  const remote = new Remote(server, data)
  const ended = new AbortController()
  const all = [
    ...Array.from({ length: 6 }, () => untilGone(() => issueAndRevoke(remote, observed))),
    untilGone(() => requestReport(remote, observed)),
    watch(data, observed, ended.signal),
  ]
  const { revoked, crls } = observed
  const [revokedBefore, crlsBefore] = [revoked.length, crls.length]
  const working = eventually(async () => {
    const progressed = revoked.length > revokedBefore + 5 && crls.length > crlsBefore
    return progressed ? true : undefined
  }, 'revocations and a CRL')
  await Promise.race([working, Promise.all(all)])
  await setTimeout(choices.below(1200))
  assert.equal(await server.stop('SIGKILL'), 'SIGKILL')
  ended.abort()
  await Promise.all(all)
}

test('a server killed at four random moments under load completes all acknowledged work', async (t) => {
  t.diagnostic(`SIGNET_CHAOS_SEED=${seed}`)
  const data = await mkdtemp(join(tmpdir(), 'signet-kill-'))
  await cp(pending.folder, data, { recursive: true })
  const webhook = await Webhook.start()
  const serve = ['--event-webhook', webhook.url, '--audit-report-interval', '0']
  const observed: Observations = {
    startedAt: Math.floor(Date.now() / 1000) * 1000,
    revoked: pending.leaves.slice(0, 2),
    reports: [],
    crls: [],
    issued: 0,
  }
  let server = await startServer(data, serve)
  t.after(async () => {
    server.child.kill('SIGKILL')
    await webhook.close()
    await rm(data, { recursive: true })
  })
  for (let round = 0; round < 4; round += 1) {
    await loadAndKill(data, observed, server)
    server = await startServer(data, serve)
  }
  const remote = new Remote(server, data)
  assert.ok(observed.revoked.length > 20, `${observed.revoked.length} revoked`)
  assert.ok(observed.crls.length >= 4, `${observed.crls.length} CRLs seen`)
  await eventually(async () => {
    await watchCrl(data, observed)
    return listsAll(observed.crls.at(-1)!, observed.revoked) ? true : undefined
  }, 'every acknowledged revocation')
  await assertReports(data, remote, observed)
  const revokedSerials = (): Set<string> =>
    new Set(
      webhook.events
        .filter((event) => event['detail-type'] === 'ACM Private CA Certificate Revocation')
        .map(({ resources }) => lastOf(resources[1]!)),
    )
  await eventually(async () => {
    const delivered = revokedSerials()
    return observed.revoked.slice(2).every((arn) => delivered.has(lastOf(arn))) ? true : undefined
  }, 'every revocation event')
  assert.equal(await server.stop('SIGTERM'), 0)
})

/**
 * Asserts that each acknowledged audit report is complete. A report must list all certificates that were issued before the report
 * was requested.
 */
async function assertReports(
  data: string,
  remote: Remote,
  { reports }: Observations,
): Promise<void> {
  assert.ok(reports.length > 2, `${reports.length} reports`)
  for (const { id, key, issued } of reports) {
    const input = { CertificateAuthorityArn: pending.root.arn, AuditReportId: id }
    await eventually(async () => {
      const report = await remote.must('DescribeCertificateAuthorityAuditReport', input)
      return report.AuditReportStatus === 'SUCCESS' ? true : undefined
    }, 'an audit report')
    const text = await readObject(data, key)
    const rows = JSON.parse(String(text)) as unknown[]
    assert.ok(rows.length >= issued, `${rows.length} of ${issued}`)
  }
}
