/** Tests of events in the log and at the webhook, and of expiry announcements. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { csr } from '../support/csrs.ts'
import { FailingObjects } from '../support/failing-objects.ts'
import { createAuthority, createRoot, createSubordinate, issue } from '../support/hierarchy.ts'
import { crlBucket, eventually, revocationOptions, revoke } from '../support/revocation.ts'
import type { Members, TestService } from '../support/service.ts'
import { eventTypes, startRecorded } from '../support/event-recorder.ts'

const parsed = (text: string): Members => JSON.parse(text)

/** Checks all members of an event, and that its time is recent. */
function assertEvent(
  event: Members,
  service: TestService,
  expected: { readonly type: string; readonly resources: string[]; readonly detail: object },
): void {
  const { id, time, ...rest } = event
  assert.deepEqual(rest, {
    version: '0',
    'detail-type': expected.type,
    source: 'aws.acm-pca',
    account: '123456789012',
    region: 'eu-west-1',
    resources: expected.resources,
    detail: expected.detail,
  })
  assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  const age = service.clock.now().getTime() - Date.parse(time)
  assert.ok(age >= 0 && age < 30_000, `${time} is ${age} ms ago`)
}

const success = { result: 'success' }

/** Waits until `found` returns at least `count` events. */
const waitForEvents = (found: () => Members[], count: number): Promise<Members[]> =>
  eventually(async () => (found().length >= count ? found() : undefined), `${count} events`)

async function report(service: TestService, arn: string): Promise<string> {
  const { AuditReportId } = await service.must('CreateCertificateAuthorityAuditReport', {
    CertificateAuthorityArn: arn,
    S3BucketName: crlBucket,
    AuditReportResponseFormat: 'CSV',
  })
  return AuditReportId as string
}

describe('events', { concurrency: true }, () => {
  test('CA creation, issuance and revocation each cause one event', async (t) => {
    const { service, eventsAbout } = await startRecorded(t)
    const root = await createRoot(service)
    const [creation, ...others] = eventsAbout(root.arn, eventTypes.creation)
    assert.deepEqual(others, [])
    const expected = { type: eventTypes.creation, resources: [root.arn], detail: success }
    assertEvent(creation, service, expected)
    const { arn } = await issue(service, { arn: root.arn, csr: csr('ec-server') })
    const resources = [root.arn, arn]
    const [issuance, ...more] = eventsAbout(arn)
    assert.deepEqual(more, [])
    assertEvent(issuance, service, { type: eventTypes.issuance, resources, detail: success })
    // There is also an issuance event for the root certificate.
    assert.equal(eventsAbout(root.arn, eventTypes.issuance).length, 2)
    await revoke(service, arn)
    const revocations = eventsAbout(arn, eventTypes.revocation)
    assert.equal(revocations.length, 1)
    assertEvent(revocations[0], service, {
      type: eventTypes.revocation,
      resources,
      detail: success,
    })
  })

  test('a refused request causes no event', async (t) => {
    const { service, events } = await startRecorded(t)
    const root = await createRoot(service)
    const { arn } = await issue(service, { arn: root.arn, csr: csr('ec-server') })
    await revoke(service, arn)
    const countBefore = events().length
    await assert.rejects(revoke(service, arn), /RequestAlreadyProcessedException/)
    await assert.rejects(revoke(service, `${root.arn}/certificate/00`), /ResourceNotFoundException/)
    await service.refusal('IssueCertificate', { CertificateAuthorityArn: root.arn, Csr: 'AAAA' })
    await service.refusal('CreateCertificateAuthority', {})
    assert.equal(events().length, countBefore)
  })

  test('concurrent revocations of one certificate cause one event', async (t) => {
    const { service, eventsAbout } = await startRecorded(t)
    const root = await createRoot(service)
    const { arn } = await issue(service, { arn: root.arn, csr: csr('ec-server') })
    await Promise.allSettled(Array.from({ length: 20 }, () => revoke(service, arn)))
    assert.equal(eventsAbout(arn, eventTypes.revocation).length, 1)
  })

  test('publication of a CRL causes an event', async (t) => {
    const { service, eventsAbout } = await startRecorded(t)
    const root = await createRoot(service, { more: revocationOptions() })
    assert.deepEqual(eventsAbout(root.arn, eventTypes.crl), [])
    await issue(service, { arn: root.arn, csr: csr('ec-server') })
    const [crl] = await waitForEvents(() => eventsAbout(root.arn, eventTypes.crl), 1)
    assertEvent(crl, service, { type: eventTypes.crl, resources: [root.arn], detail: success })
  })

  test('failed publications of a CRL cause events with the reason', async (t) => {
    const objects = new FailingObjects()
    const { service, eventsAbout } = await startRecorded(t, {}, { wrapObjects: objects.wrap })
    const root = await createRoot(service, { more: revocationOptions() })
    objects.affects = ({ key }) => key.startsWith('crl/')
    objects.mode = 'refuse'
    await issue(service, { arn: root.arn, csr: csr('ec-server') })
    const [refused] = await waitForEvents(() => eventsAbout(root.arn, eventTypes.crl), 1)
    const resources = [root.arn]
    const failure = (reason: string): object => ({ result: 'failure', reason })
    assertEvent(refused, service, {
      type: eventTypes.crl,
      resources,
      detail: failure('Failed to write CRL to S3. Check your S3 bucket permissions.'),
    })
    objects.mode = 'error'
    service.clock.advance({ seconds: 6 })
    const [, unwritten] = await waitForEvents(() => eventsAbout(root.arn, eventTypes.crl), 2)
    assertEvent(unwritten, service, {
      type: eventTypes.crl,
      resources,
      detail: failure('Failed to write CRL to S3. Internal failure.'),
    })
  })

  test('a written audit report and a failed one each cause an event', async (t) => {
    const objects = new FailingObjects()
    const { service, eventsAbout } = await startRecorded(t, {}, { wrapObjects: objects.wrap })
    const { arn } = await createRoot(service)
    const reportId = await report(service, arn)
    const [written] = await waitForEvents(() => eventsAbout(reportId, eventTypes.report), 1)
    assertEvent(written, service, {
      type: eventTypes.report,
      resources: [arn, reportId],
      detail: success,
    })
    objects.affects = ({ key }) => key.startsWith('audit-report/')
    objects.mode = 'refuse'
    const failingId = await report(service, arn)
    const [failed, ...more] = await waitForEvents(
      () => eventsAbout(failingId, eventTypes.report),
      1,
    )
    assert.deepEqual(more, [])
    assertEvent(failed, service, {
      type: eventTypes.report,
      resources: [arn, failingId],
      detail: { result: 'failure' },
    })
  })

  test('events have different IDs and the Region of their CA', async (t) => {
    const { service, events } = await startRecorded(t)
    await createAuthority(service, { options: { region: 'us-east-1' } })
    await createAuthority(service, { options: { region: 'cn-north-1' } })
    const creations = await waitForEvents(events, 2)
    assert.deepEqual(
      creations.map(({ region, resources }) => [
        region,
        resources[0].split(':').slice(1, 5).join(':'),
      ]),
      [
        ['us-east-1', 'aws:acm-pca:us-east-1:123456789012'],
        ['cn-north-1', 'aws-cn:acm-pca:cn-north-1:123456789012'],
      ],
    )
    assert.equal(new Set(creations.map(({ id }) => id)).size, 2)
  })
})

interface Delivery {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface Webhook {
  readonly url: string
  readonly deliveries: Delivery[]
  /** IDs of the events that received status 200, in the order of their arrival. */
  readonly accepted: string[]
  status: number
  /** Resets every connection from now on. The webhook keeps its port, so that no other process can use the port. */
  down(): void
  /** Accepts connections again. */
  up(): void
}

/** A webhook that responds with `status`. */
async function startWebhook(t: TestContext): Promise<Webhook> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8')
      const { method, url: path, headers } = request
      webhook.deliveries.push({ method, path, headers, body })
      if (webhook.status === 200) webhook.accepted.push(parsed(body).id)
      response.writeHead(webhook.status, { location: '/elsewhere' }).end()
    })
  })
  let isDown = false
  server.on('connection', (socket) => {
    if (isDown) socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const webhook: Webhook = {
    url: `http://127.0.0.1:${port}/hook/s3cret-t0ken`,
    deliveries: [],
    accepted: [],
    status: 200,
    down() {
      isDown = true
      server.closeAllConnections()
    },
    up() {
      isDown = false
    },
  }
  t.after(async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  })
  return webhook
}

describe('event delivery to the webhook', { concurrency: true }, () => {
  test('the webhook receives every event with the content that is logged', async (t) => {
    const webhook = await startWebhook(t)
    const { service, events } = await startRecorded(t, { eventWebhook: webhook.url })
    const root = await createRoot(service, { more: revocationOptions() })
    const { arn } = await issue(service, { arn: root.arn, csr: csr('ec-server') })
    await revoke(service, arn)
    await report(service, root.arn)
    // The test expects one creation, two issuances, one revocation, one report, and one or two CRLs.
    await waitForEvents(events, 6)
    await eventually(
      async () => (webhook.accepted.length >= events().length ? true : undefined),
      'all deliveries',
    )
    for (const { method, path, headers, body } of webhook.deliveries) {
      assert.deepEqual([method, path], ['POST', '/hook/s3cret-t0ken'])
      assert.equal(headers['content-type'], 'application/json')
      assert.equal(headers['content-length'], String(Buffer.byteLength(body)))
      const event = parsed(body)
      assert.deepEqual(
        event,
        events().find(({ id }) => id === event.id),
      )
    }
    assert.equal(
      new Set(webhook.accepted).size,
      webhook.accepted.length,
      'each event is delivered once',
    )
  })

  test('delivery is retried after a response other than 2xx, across restarts, until the webhook accepts the event', async (t) => {
    const webhook = await startWebhook(t)
    const { service, events } = await startRecorded(t, { eventWebhook: webhook.url })
    for (const status of [500, 302, 404, 429]) {
      webhook.status = status
      const countBefore = webhook.deliveries.length
      await createAuthority(service)
      await eventually(
        async () => (webhook.deliveries.length > countBefore ? true : undefined),
        `a delivery with the response ${status}`,
      )
    }
    assert.deepEqual(webhook.accepted, [])
    webhook.status = 204
    webhook.deliveries.length = 0
    const delivered = (): Set<unknown> =>
      new Set(webhook.deliveries.map(({ body }) => parsed(body).id))
    service.clock.advance({ seconds: 3600 })
    await service.restart()
    await eventually(async () => {
      // The restart may have interrupted a delivery, which is retried later.
      service.clock.advance({ seconds: 60 })
      await service.runJob('deliver-events')
      return delivered().size >= 4 ? true : undefined
    }, 'the earlier events')
    assert.deepEqual(delivered(), new Set(events().map(({ id }) => id)))
    // A redirect is a failure and is not followed.
    assert.deepEqual(
      new Set(webhook.deliveries.map(({ path }) => path)),
      new Set(['/hook/s3cret-t0ken']),
    )
    webhook.deliveries.length = 0
    service.clock.advance({ seconds: 3600 })
    await service.restart()
    await createAuthority(service)
    await eventually(
      async () => (webhook.deliveries.length > 0 ? true : undefined),
      'the last event',
    )
    assert.equal(webhook.deliveries.length, 1, 'accepted events are not delivered again')
  })

  test('the webhook receives the events that occurred while it was unreachable', async (t) => {
    const webhook = await startWebhook(t)
    webhook.down()
    const { service, events, lines } = await startRecorded(t, { eventWebhook: webhook.url })
    const root = await createRoot(service)
    const { arn } = await issue(service, { arn: root.arn, csr: csr('ec-server') })
    await revoke(service, arn)
    await eventually(
      async () =>
        lines.some((line) => line.includes('an event could not be delivered to the webhook'))
          ? true
          : undefined,
      'a failure',
    )
    await service.restart()
    webhook.up()
    service.clock.advance({ seconds: 3600 })
    await service.restart()
    await eventually(
      async () => (webhook.accepted.length >= 4 ? true : undefined),
      'the events from the outage',
    )
    assert.deepEqual(
      webhook.accepted.toSorted(),
      events()
        .map(({ id }) => id as string)
        .toSorted(),
    )
  })

  test('an event that is not accepted for a day is dropped and logged', async (t) => {
    const webhook = await startWebhook(t)
    webhook.status = 503
    const { service, lines } = await startRecorded(t, { eventWebhook: webhook.url })
    await createAuthority(service)
    const logged = (text: string): Promise<true> =>
      eventually(async () => (lines.some((line) => line.includes(text)) ? true : undefined), text)
    await logged('an event could not be delivered to the webhook')
    service.clock.advance({ days: 1, seconds: 60 })
    await service.restart()
    await logged('event dropped')
    webhook.status = 200
    service.clock.advance({ days: 1 })
    await service.restart()
    const { arn } = await createAuthority(service)
    await eventually(async () => (webhook.accepted.length > 0 ? true : undefined), 'a new event')
    const accepted = webhook.deliveries.slice(-webhook.accepted.length)
    assert.deepEqual(
      accepted.map(({ body }) => parsed(body).resources),
      [[arn]],
    )
  })

  test('log entries and deliveries contain no secrets', async (t) => {
    const webhook = await startWebhook(t)
    const { service, lines } = await startRecorded(t, {
      eventWebhook: webhook.url,
      logLevel: 'trace',
    })
    webhook.status = 500
    const root = await createRoot(service, { more: revocationOptions() })
    const { arn } = await issue(service, { arn: root.arn, csr: csr('ec-server') })
    webhook.down()
    await revoke(service, arn)
    service.clock.advance({ seconds: 3600 })
    await service.restart()
    const failures = (): string[] =>
      lines.filter((line) => line.includes('an event could not be delivered to the webhook'))
    await eventually(async () => (failures().length > 4 ? true : undefined), 'failures')
    const text = [...lines, ...webhook.deliveries.map(({ body }) => body)].join('\n')
    const { secretAccessKey } = service.credentials
    const masterKey = readFileSync(join(service.config.dataDirectory, 'master.key'))
    const secrets = [secretAccessKey, 's3cret', masterKey.toString('utf8').trim(), 'PRIVATE KEY']
    for (const secret of [...secrets, masterKey.toString('hex'), masterKey.toString('base64')]) {
      assert.ok(secret.length > 5)
      assert.equal(text.includes(secret), false)
    }
  })
})

const dayMilliseconds = 86_400_000

describe('expiry announcements', { concurrency: true }, () => {
  test('the expiry of a CA is announced 90, 30, 7, 1 and 0 days before, once each', async (t) => {
    const { service, eventsAbout } = await startRecorded(t)
    const root = await createRoot(service, { validity: { Value: 100, Type: 'DAYS' } })
    const announced = (): Members[] => eventsAbout(root.arn, eventTypes.expiry)
    const { CertificateAuthority } = await service.must('DescribeCertificateAuthority', {
      CertificateAuthorityArn: root.arn,
    })
    const notAfter = new Date((CertificateAuthority.NotAfter as number) * 1000)
    /** Moves the clock to `days` days before the expiry, and restarts the service so that every job runs. */
    const advanceTo = async (days: number): Promise<void> => {
      const remaining = (notAfter.getTime() - service.clock.now().getTime()) / dayMilliseconds
      service.clock.advance({ seconds: (remaining - days) * 86_400 })
      await service.restart()
    }
    const assertCountStays = async (count: number): Promise<void> => {
      await service.restart()
      await service.runJob('announce-expiry')
      await service.runJob('deliver-events')
      assert.equal(announced().length, count)
    }
    await advanceTo(90.1)
    await assertCountStays(0)
    for (const [index, [days, daysLeft]] of (
      [
        [90, 89.9],
        [30, 29.9],
        [7, 6.9],
        [1, 0.9],
        [0, -0.1],
      ] as const
    ).entries()) {
      await advanceTo(daysLeft)
      const events = await waitForEvents(announced, index + 1)
      assertEvent(events.at(-1), service, {
        type: eventTypes.expiry,
        resources: [root.arn],
        detail: { result: 'success', daysToExpiry: days, notAfter: notAfter.toISOString() },
      })
      await assertCountStays(index + 1)
      if (days > 1) {
        await advanceTo(daysLeft - 0.5)
        await assertCountStays(index + 1)
      }
    }
  })

  test('after several missed announcements, only the nearest one is made for each CA, and none for leaf certificates', async (t) => {
    const { service, events } = await startRecorded(t)
    const root = await createRoot(service, { validity: { Value: 400, Type: 'DAYS' } })
    const subordinate = await createSubordinate(service, root, {
      validity: { Value: 398, Type: 'DAYS' },
    })
    const validity = { Value: 395, Type: 'DAYS' }
    await issue(service, { arn: root.arn, csr: csr('ec-server') }, { validity })
    service.clock.advance({ days: 394 })
    await service.restart()
    const announced = (): Members[] =>
      events().filter((event) => event['detail-type'] === eventTypes.expiry)
    await waitForEvents(announced, 2)
    assert.deepEqual(
      announced().map(({ resources, detail }) => [resources, detail.daysToExpiry]),
      [
        [[subordinate.arn], 7],
        [[root.arn], 7],
      ],
    )
  })

  test('the expiry of a renewed or deleted CA is not announced', async (t) => {
    const { service, eventsAbout } = await startRecorded(t)
    const renewed = await createRoot(service, { validity: { Value: 60, Type: 'DAYS' } })
    const deleted = await createRoot(service, { validity: { Value: 60, Type: 'DAYS' } })
    const expiring = await createRoot(service, { validity: { Value: 60, Type: 'DAYS' } })
    const validity = { Value: 10, Type: 'YEARS' }
    const next = await issue(service, renewed, { template: 'RootCACertificate', validity })
    await service.must('ImportCertificateAuthorityCertificate', {
      CertificateAuthorityArn: renewed.arn,
      Certificate: Buffer.from(next.certificate).toString('base64'),
    })
    const CertificateAuthorityArn = deleted.arn
    await service.must('UpdateCertificateAuthority', {
      CertificateAuthorityArn,
      Status: 'DISABLED',
    })
    await service.must('DeleteCertificateAuthority', {
      CertificateAuthorityArn,
      PermanentDeletionTimeInDays: 30,
    })
    service.clock.advance({ days: 29 })
    await service.restart()
    await waitForEvents(() => eventsAbout(expiring.arn, eventTypes.expiry), 1)
    assert.deepEqual(eventsAbout(renewed.arn, eventTypes.expiry), [])
    assert.deepEqual(eventsAbout(deleted.arn, eventTypes.expiry), [])
  })
})
