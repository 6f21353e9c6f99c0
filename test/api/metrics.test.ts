/** Tests of metrics. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { csr } from '../support/csrs.ts'
import { FailingObjects } from '../support/failing-objects.ts'
import { createRoot, issue } from '../support/hierarchy.ts'
import { ocspRequest } from '../support/ocsp-requests.ts'
import { crlBucket, eventually, lastOf, revocationOptions, revoke } from '../support/revocation.ts'
import type { TestService } from '../support/service.ts'
import { eventTypes, startRecorded } from '../support/event-recorder.ts'

/** Metric samples by name and labels. Throws for a line that is not a sample (Prometheus text format 0.0.4). */
function samplesOf(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  const sample =
    /^([a-z_0-9]+(?:\{[a-z]+="[^"]*"(?:,[a-z]+="[^"]*")*\})?) (-?[0-9.e+-]+|NaN|[+]Inf)$/
  for (const line of text.trimEnd().split('\n')) {
    if (line === '' || /^# (HELP|TYPE) (signet|process|nodejs)_/.test(line)) continue
    const [, name = '', value] = sample.exec(line) ?? assert.fail(line)
    assert.equal(samples.has(name), false, line)
    samples.set(name, Number(value))
  }
  return samples
}

async function metricsOf(service: TestService): Promise<Map<string, number>> {
  const response = await fetch(`${service.url}/metrics`)
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  return samplesOf(await response.text())
}

describe('metrics', { concurrency: true }, () => {
  test('metrics count requests, issued and revoked certificates, and published CRLs', async (t) => {
    const { service, eventsAbout } = await startRecorded(t)
    const root = await createRoot(service, { more: revocationOptions() })
    for (let count = 0; count < 3; count += 1) {
      const { arn } = await issue(service, { arn: root.arn, csr: csr('ec-server') })
      if (count > 0) await revoke(service, arn)
      if (count === 2) await assert.rejects(revoke(service, arn))
    }
    await service.refusal('ListTags', {})
    // The job counts a CRL after storing it.
    await service.runJob('publish-crls')
    const found = await metricsOf(service)
    assert.equal(found.get(`signet_crl_entries{authority="${lastOf(root.arn)}"}`), 2)
    const expected: Record<string, number> = {
      signet_certificates_issued_total: 4,
      signet_certificates_revoked_total: 2,
      signet_misconfigured_crl_bucket_total: 0,
      'signet_requests_total{operation="IssueCertificate",result="success"}': 4,
      'signet_requests_total{operation="RevokeCertificate",result="success"}': 2,
      'signet_requests_total{operation="RevokeCertificate",result="RequestAlreadyProcessedException"}': 1,
      'signet_requests_total{operation="ListTags",result="ValidationException"}': 1,
      'signet_request_duration_seconds_count{operation="IssueCertificate"}': 4,
      'signet_request_duration_seconds_bucket{le="+Inf",operation="IssueCertificate"}': 4,
      signet_crl_generated_total: eventsAbout(root.arn, eventTypes.crl).length,
    }
    for (const [name, value] of Object.entries(expected)) assert.equal(found.get(name), value, name)
    const runs = found.get('signet_job_runs_total{job="publish-crls",result="success"}')
    assert.ok(runs !== undefined && runs > 0)
  })

  test('metrics describe each CA until its permanent deletion', async (t) => {
    const { service } = await startRecorded(t)
    const root = await createRoot(service, {
      more: revocationOptions(),
      validity: { Value: 100, Type: 'DAYS' },
    })
    await issue(service, { arn: root.arn, csr: csr('ec-server') })
    const metric = (name: string): string => `signet_${name}{authority="${lastOf(root.arn)}"}`
    await eventually(
      async () => ((await metricsOf(service)).has(metric('crl_age_seconds')) ? true : undefined),
      'a CRL',
    )
    service.clock.advance({ seconds: 1000 })
    const found = await metricsOf(service)
    assert.ok(Math.abs((found.get(metric('crl_age_seconds')) ?? 0) - 1000) < 30)
    const size = await service.readObject(crlBucket, `crl/${lastOf(root.arn)}.crl`)
    assert.equal(found.get(metric('crl_size_bytes')), size?.length)
    assert.equal(found.get(metric('crl_entries')), 0)
    assert.ok(Math.abs((found.get(metric('authority_expiry_days')) ?? 0) - 100) < 0.1)
    const CertificateAuthorityArn = root.arn
    await service.must('UpdateCertificateAuthority', {
      CertificateAuthorityArn,
      Status: 'DISABLED',
    })
    await service.must('DeleteCertificateAuthority', {
      CertificateAuthorityArn,
      PermanentDeletionTimeInDays: 7,
    })
    service.clock.advance({ days: 8 })
    await service.restart()
    await eventually(async () => {
      const names = [...(await metricsOf(service)).keys()]
      return names.some((name) => name.includes(lastOf(root.arn))) ? undefined : true
    }, 'metrics without the deleted CA')
  })

  test('metrics count OCSP responses by status', async (t) => {
    const { service } = await startRecorded(t)
    const root = await createRoot(service, {
      more: revocationOptions({ Enabled: false }, { Enabled: true }),
    })
    const good = await issue(service, { arn: root.arn, csr: csr('ec-server') })
    const revoked = await issue(service, { arn: root.arn, csr: csr('ec-server') })
    await revoke(service, revoked.arn)
    const send = async (body: Uint8Array): Promise<void> => {
      const bytes = new Uint8Array(body)
      await (await fetch(`${service.publicUrl}/ocsp`, { method: 'POST', body: bytes })).bytes()
    }
    const requestFor = (serial: string): Buffer =>
      ocspRequest([{ issuer: root.certificate, serial }])
    // The second response for the good certificate is cached.
    for (const serial of [lastOf(good.arn), lastOf(revoked.arn), lastOf(good.arn), '01'])
      await send(requestFor(serial))
    await send(Buffer.from('nonsense'))
    const found = await metricsOf(service)
    const samples = [...found].filter(([name]) => name.startsWith('signet_ocsp_answers_total'))
    assert.deepEqual(
      Object.fromEntries(samples.map(([name, value]) => [/"(.*)"/.exec(name)?.[1], value])),
      { good: 2, revoked: 1, malformedRequest: 1, unauthorized: 1 },
    )
  })

  test('metrics show the length of a job queue and failures of a CRL bucket', async (t) => {
    const objects = new FailingObjects()
    const { service } = await startRecorded(t, {}, { wrapObjects: objects.wrap })
    const root = await createRoot(service, { more: revocationOptions() })
    const queue = 'signet_job_queue_depth{job="publish-crls"}'
    objects.mode = 'refuse'
    await issue(service, { arn: root.arn, csr: csr('ec-server') })
    await eventually(async () => {
      const found = await metricsOf(service)
      const failed = found.get('signet_job_runs_total{job="publish-crls",result="failure"}') ?? 0
      return failed > 0 ? true : undefined
    }, 'a refusal')
    const found = await metricsOf(service)
    assert.ok((found.get('signet_misconfigured_crl_bucket_total') ?? 0) > 0)
    assert.equal(found.get('signet_crl_generated_total'), 0)
    assert.equal(found.get(queue), 1, 'the CRL waits for its retry')
    objects.mode = 'works'
    service.clock.advance({ seconds: 60 })
    await eventually(
      async () => ((await metricsOf(service)).get(queue) === 0 ? true : undefined),
      'an empty queue',
    )
    assert.equal((await metricsOf(service)).get('signet_crl_generated_total'), 1)
  })

  test('metrics contain names of CAs, but no subjects or requesters, and the public listener does not serve them', async (t) => {
    const { service } = await startRecorded(t)
    const root = await createRoot(service, { subject: { CommonName: 'Geheimrat' } })
    await issue(service, { arn: root.arn, csr: csr('ec-server') })
    const text = await (await fetch(`${service.url}/metrics`)).text()
    const named = text.split('\n').filter((line) => line.includes('Geheimrat'))
    assert.deepEqual(
      named.map((line) => line.slice(0, line.indexOf('{'))),
      ['signet_authority_info'],
    )
    const { accessKeyId } = service.credentials
    for (const word of ['server.example.com', '123456789012', accessKeyId, 'arn:', 'administrator'])
      assert.equal(text.includes(word), false, word)
    for (const path of ['/metrics', '/metrics/', '//metrics', '/metrics?x=y'])
      assert.equal((await fetch(`${service.publicUrl}${path}`)).status, 404, path)
    const posted = await fetch(`${service.url}/metrics`, { method: 'POST', body: 'x' })
    assert.notEqual(posted.status, 200)
  })
})
