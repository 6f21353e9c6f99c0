/** Tests of the warnings that `signet status` prints for a scripted server's responses. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { serverStatus, type ServerStatus } from '../../src/client-commands/status/server-status.ts'

const now = new Date('2026-03-01T08:00:00Z')
const id = '00000000-0000-4000-8000-000000000001'
const arn = `arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/${id}`

let data: string
let server: Server | undefined
before(async () => {
  data = await mkdtemp(join(tmpdir(), 'signet-status-'))
  await writeFile(join(data, 'credentials'), 'aws_access_key_id = A\naws_secret_access_key = S\n')
})
after(() => rm(data, { recursive: true }))
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

interface Case {
  readonly health?: number
  /** Metrics that the server returns; if undefined, the server denies access to its metrics. */
  readonly metrics?: string
  readonly list?: { readonly status: number; readonly body: object }
}

const days = (count: number): number => now.getTime() / 1000 + count * 86_400

function authority(members: object, crlDays?: number): { status: number; body: object } {
  const one = {
    Arn: arn,
    Type: 'ROOT',
    Status: 'ACTIVE',
    NotAfter: days(365),
    CertificateAuthorityConfiguration: {
      KeyAlgorithm: 'RSA_2048',
      Subject: { CommonName: 'Main' },
    },
    RevocationConfiguration: {
      CrlConfiguration: { Enabled: crlDays !== undefined, ExpirationInDays: crlDays },
    },
    ...members,
  }
  return { status: 200, body: { CertificateAuthorities: [one] } }
}

async function statusOf({
  health = 200,
  metrics,
  list = authority({}),
}: Case): Promise<ServerStatus> {
  server = createServer((request, response) => {
    if (request.url === '/healthz') response.writeHead(health).end()
    else if (request.url === '/metrics')
      response.writeHead(metrics === undefined ? 403 : 200).end(metrics)
    else {
      response.writeHead(list.status, { 'content-type': 'application/x-amz-json-1.1' })
      response.end(JSON.stringify(list.body))
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const options = {
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-central-1',
    caFile: undefined,
  }
  return serverStatus({ ...options, dataDirectory: data, isDataNamed: true }, now)
}

/** The metrics for a CRL with a validity of seven days. */
const age = (days_: number): string =>
  `signet_crl_age_seconds{authority="${id}"} ${days_ * 86_400}\n` +
  `signet_crl_next_update_timestamp_seconds{authority="${id}"} ${days(7 - days_)}\n`

test('a healthy server causes no warnings, with or without metrics', async () => {
  const healthy = await statusOf({
    metrics:
      '# HELP x y\nsignet_build_info{version="9.8.7"} 1\nsignet_certificates_issued_total 3\n' +
      'signet_requests_total{operation="A",result="success"} 5\n' +
      'signet_requests_total{operation="A",result="RequestInProgressException"} 2\n' +
      'signet_requests_total{operation="A",result="AccessDeniedException"} 1\n' +
      'signet_job_runs_total{job="publish-crls",result="failure"} 2\n' +
      'signet_job_queue_depth{job="publish-crls"} 0\n' +
      age(1),
    list: authority({}, 7),
  })
  assert.deepEqual(healthy.warnings, [])
  assert.equal(healthy.server.version, '9.8.7')
  assert.deepEqual(healthy.counts, {
    certificatesIssued: 3,
    certificatesRevoked: 0,
    requests: 8,
    requestsFailed: 1,
  })
  assert.deepEqual(healthy.jobs, [{ name: 'publish-crls', waiting: 0, runs: 2, failures: 2 }])
  assert.equal(healthy.authorities?.[0]?.crlAgeSeconds, 86_400)
  assert.equal(healthy.authorities?.[0]?.crlNextUpdate, '2026-03-07T08:00:00Z')
  assert.equal(healthy.authorities?.[0]?.expiresInDays, 365)
  server?.close()
  const withoutMetrics = await statusOf({ list: authority({}, 7) })
  assert.deepEqual(withoutMetrics.warnings, [])
  assert.equal(withoutMetrics.counts, null)
  assert.equal(withoutMetrics.server.version, null)
})

const cases: readonly (readonly [title: string, server: Case, warning: string])[] = [
  ['an overdue CRL', { metrics: age(8), list: authority({}, 7) }, 'the CRL of Main is overdue'],
  [
    'a CRL older than half of its validity',
    { metrics: age(4.5), list: authority({}, 7) },
    'the CRL of Main is 4 days old and has not been renewed',
  ],
  [
    'a CA close to expiry',
    { list: authority({ NotAfter: days(89.5) }) },
    'Main expires in 89 days: renew it with signet ca renew',
  ],
  ['an expired CA', { list: authority({ NotAfter: days(-1) }) }, 'Main has expired'],
  [
    'a failed CA',
    { list: authority({ Status: 'FAILED', NotAfter: undefined }) },
    'Main: creation failed (status FAILED)',
  ],
  [
    'a CA without a certificate',
    { list: authority({ Status: 'PENDING_CERTIFICATE', NotAfter: undefined }) },
    'Main has no certificate yet',
  ],
  [
    'a failed job with waiting rows',
    {
      metrics:
        'signet_job_runs_total{job="deliver-events",result="failure"} 3\nsignet_job_queue_depth{job="deliver-events"} 2\n',
    },
    'job deliver-events has failed 3 times, and 2 rows are waiting',
  ],
  [
    'an unreachable database',
    { health: 503, list: { status: 400, body: { __type: 'AccessDeniedException' } } },
    'The server cannot serve requests now (status 503).',
  ],
]

for (const [title, scripted, warning] of cases)
  test(`signet status warns of ${title}`, async () => {
    assert.deepEqual((await statusOf(scripted)).warnings, [warning])
  })

test('an error response of a healthy server is reported', async () => {
  const list = { status: 400, body: { __type: 'AccessDeniedException', Message: 'you may not' } }
  await assert.rejects(statusOf({ list }), /AccessDeniedException.*you may not/)
})
