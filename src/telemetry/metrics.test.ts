/** Tests of counters and gauges, and of the text that Prometheus reads. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics, type Metrics } from './metrics.ts'
import { processRegistry } from './process-metrics.ts'

/** Parses the text format of Prometheus. Returns the value of each sample, keyed by name and labels. */
async function samplesOf(metrics: Metrics): Promise<ReadonlyMap<string, number>> {
  const lines = (await metrics.text()).split('\n').filter((line) => line !== '')
  const samples = new Map<string, number>()
  for (const line of lines) {
    if (line.startsWith('#')) {
      assert.match(line, /^# (?:HELP signet_\w+ \S.*|TYPE signet_\w+ (?:counter|gauge|histogram))$/)
      continue
    }
    const [, name, value] = /^(signet_\w+(?:\{(?:\w+="[^"]*",?)+\})?) (\S+)$/.exec(line) ?? []
    assert.ok(name !== undefined, line)
    assert.ok(!samples.has(name), `${name} twice`)
    samples.set(name, Number(value))
  }
  return samples
}

test('all counters without labels are 0 at the start', async () => {
  const samples = await samplesOf(createMetrics())
  for (const name of [
    'certificates_issued_total',
    'certificates_revoked_total',
    'crl_generated_total',
    'misconfigured_crl_bucket_total',
  ])
    assert.equal(samples.get(`signet_${name}`), 0, name)
  assert.ok([...samples.values()].every((value) => value === 0))
})

test('each event increments only its own counter', async () => {
  const metrics = createMetrics()
  metrics.certificateIssued()
  metrics.certificateIssued()
  metrics.certificateRevoked()
  metrics.crlGenerated()
  metrics.misconfiguredCrlBucket()
  metrics.ocspAnswer('good')
  metrics.ocspAnswer('good')
  metrics.ocspAnswer('unauthorized')
  metrics.jobRun('publish-crls', 'success')
  metrics.jobRun('publish-crls', 'failure')
  const samples = await samplesOf(metrics)
  for (const [name, value] of Object.entries({
    certificates_issued_total: 2,
    certificates_revoked_total: 1,
    crl_generated_total: 1,
    misconfigured_crl_bucket_total: 1,
    'ocsp_answers_total{status="good"}': 2,
    'ocsp_answers_total{status="unauthorized"}': 1,
    'job_runs_total{job="publish-crls",result="success"}': 1,
    'job_runs_total{job="publish-crls",result="failure"}': 1,
  }))
    assert.equal(samples.get(`signet_${name}`), value, name)
})

test('requests are counted by operation and result, and their duration is in seconds', async () => {
  const metrics = createMetrics()
  metrics.request('IssueCertificate', 'success', 2)
  metrics.request('IssueCertificate', 'success', 30)
  metrics.request('IssueCertificate', 'ThrottlingException', 7000)
  const samples = await samplesOf(metrics)
  const of = (name: string): number | undefined => samples.get(`signet_${name}`)
  assert.equal(of('requests_total{operation="IssueCertificate",result="success"}'), 2)
  assert.equal(of('requests_total{operation="IssueCertificate",result="ThrottlingException"}'), 1)
  const duration = 'request_duration_seconds'
  assert.equal(of(`${duration}_count{operation="IssueCertificate"}`), 3)
  assert.ok(Math.abs((of(`${duration}_sum{operation="IssueCertificate"}`) ?? 0) - 7.032) < 1e-9)
  for (const [le, count] of [
    ['0.001', 0],
    ['0.0025', 1],
    ['0.025', 1],
    ['0.05', 2],
    ['5', 2],
    ['+Inf', 3],
  ] as const)
    assert.equal(of(`${duration}_bucket{le="${le}",operation="IssueCertificate"}`), count, le)
})

test('gauges are read with the metrics, and a removed CA has no gauges', async () => {
  const metrics = createMetrics()
  let authorities = ['one', 'two']
  let reads = 0
  metrics.onRead((gauges) => {
    reads += 1
    for (const authorityId of authorities) {
      gauges.crlAge(authorityId, 60.5)
      gauges.crlSize(authorityId, 900)
      gauges.crlEntries(authorityId, 12)
      gauges.daysToExpiry(authorityId, -1.5)
    }
    gauges.queueDepth('publish-crls', authorities.length)
    return Promise.resolve()
  })
  assert.equal(reads, 0)
  const first = await samplesOf(metrics)
  for (const [name, value] of Object.entries({
    'crl_age_seconds{authority="one"}': 60.5,
    'crl_size_bytes{authority="one"}': 900,
    'crl_entries{authority="two"}': 12,
    'authority_expiry_days{authority="two"}': -1.5,
    'job_queue_depth{job="publish-crls"}': 2,
  }))
    assert.equal(first.get(`signet_${name}`), value, name)
  authorities = ['two']
  const second = await samplesOf(metrics)
  assert.equal(reads, 2)
  assert.equal(second.has('signet_crl_size_bytes{authority="one"}'), false)
  assert.equal(second.get('signet_crl_size_bytes{authority="two"}'), 900)
  assert.equal(second.get('signet_job_queue_depth{job="publish-crls"}'), 1)
})

test('if the database cannot be read, its gauges are missing and database_up is 0 until the next successful reading', async () => {
  const metrics = createMetrics()
  let fails = true
  metrics.onRead((gauges) => {
    gauges.queueDepth('publish-crls', 1)
    return fails ? Promise.reject(new Error('the database is unavailable')) : Promise.resolve()
  })
  metrics.certificateIssued()
  const queue = 'signet_job_queue_depth{job="publish-crls"}'
  const without = await samplesOf(metrics)
  assert.equal(without.get('signet_database_up'), 0)
  assert.equal(without.get('signet_certificates_issued_total'), 1)
  // Gauges that were set before the failure are missing as well.
  assert.ok(!without.has(queue))
  fails = false
  const complete = await samplesOf(metrics)
  assert.equal(complete.get('signet_database_up'), 1)
  assert.equal(complete.get(queue), 1)
  fails = true
  assert.ok(!(await samplesOf(metrics)).has(queue))
})

test('an unreachable public URL is reported even if the database is unavailable', async () => {
  const metrics = createMetrics()
  metrics.onRead(async (gauges) => {
    gauges.publicUrlUnreachable('http://0.0.0.0', 1)
    gauges.queueDepth('publish-crls', 1)
    await Promise.reject(new Error('the database is unavailable'))
  })
  const samples = await samplesOf(metrics)
  assert.equal(samples.get('signet_public_url_unreachable{url="http://0.0.0.0"}'), 1)
  assert.ok(!samples.has('signet_job_queue_depth{job="publish-crls"}'))
})

test('concurrent readers each get every gauge', async () => {
  const metrics = createMetrics()
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  // Queries run sequentially, as in createDatabaseGauges.
  metrics.onRead(async (gauges) => {
    await turn()
    gauges.crlAge('one', 1)
    gauges.crlSize('one', 2)
    gauges.crlEntries('one', 3)
    await turn()
    gauges.queueDepth('publish-crls', 4)
    await turn()
    gauges.daysToExpiry('one', 5)
  })
  const readings: Promise<ReadonlyMap<string, number>>[] = []
  for (let reader = 0; reader < 8; reader += 1) {
    readings.push(samplesOf(metrics))
    await turn()
  }
  for (const [reader, samples] of (await Promise.all(readings)).entries())
    assert.deepEqual(
      [
        samples.get('signet_crl_size_bytes{authority="one"}'),
        samples.get('signet_job_queue_depth{job="publish-crls"}'),
        samples.get('signet_authority_expiry_days{authority="one"}'),
      ],
      [2, 4, 5],
      `reader ${reader}`,
    )
})

test('two servers in one process have separate counters, in text format 0.0.4', async () => {
  const [one, two] = [createMetrics(), createMetrics()]
  one.certificateIssued()
  assert.equal((await samplesOf(one)).get('signet_certificates_issued_total'), 1)
  assert.equal((await samplesOf(two)).get('signet_certificates_issued_total'), 0)
  assert.match(one.contentType, /^text\/plain; version=0\.0\.4/)
})

test('error counts of several processes are added up, and database_up is the value of the process that reads the database', async () => {
  const [primary, worker] = [
    createMetrics({ version: '1', faults: { droppedLogLines: 2, uncaughtErrors: 1 } }),
    createMetrics({ version: '1', faults: { droppedLogLines: 3, uncaughtErrors: 0 } }),
  ]
  primary.onRead(() => Promise.resolve())
  const text = await primary.text([await worker.values()])
  assert.match(text, /^signet_log_lines_dropped_total 5$/m)
  assert.match(text, /^signet_uncaught_errors_total 1$/m)
  assert.match(text, /^signet_database_up 1$/m)
})

test('a gauge without a value is omitted and not reported as 0', async () => {
  const metrics = createMetrics()
  metrics.onRead((gauges) => {
    gauges.healthy(1)
    return Promise.resolve()
  })
  const samples = await samplesOf(metrics)
  assert.equal(samples.get('signet_healthy'), 1)
  assert.ok(!samples.has('signet_backup_age_seconds'))
  assert.ok(!samples.has('signet_disk_free_bytes'))
})

test('gauges of a process have the current values of all readers, and add up over processes', async () => {
  const [primary, worker] = [createMetrics(), createMetrics()]
  let open = 3
  worker.observe('openConnections', () => ({ api: open }))
  worker.observe('openConnections', () => ({ public: 1 }))
  primary.observe('openConnections', () => ({ api: 10 }))
  const samples = async (): Promise<string> => primary.text([await worker.values()])
  assert.match(await samples(), /^signet_open_connections\{listener="api"\} 13$/m)
  assert.match(await samples(), /^signet_open_connections\{listener="public"\} 1$/m)
  open = 0
  assert.match(await samples(), /^signet_open_connections\{listener="api"\} 10$/m)
})

test('process metrics are included; for several processes, the highest file descriptor count and delay are reported', async () => {
  const registry = processRegistry()
  assert.equal(processRegistry(), registry)
  const metrics = createMetrics({ process: registry })
  const alone = await metrics.text()
  for (const name of [
    'process_cpu_seconds_total',
    'process_open_fds',
    'nodejs_heap_size_used_bytes',
  ])
    assert.match(alone, new RegExp(`^${name} \\d`, 'm'))
  assert.doesNotMatch(alone, /nodejs_active_|heap_space/)
  const worse = (await metrics.values()).map((metric) => {
    const { name, values } = metric as { name: string; values: { value: number }[] }
    const more = /open_fds|resident|lag_p99/.test(name) ? 1e12 : 0
    return { ...metric, values: values.map((each) => ({ ...each, value: each.value + more })) }
  })
  const together = await metrics.text([worse])
  const valueOf = (text: string, name: string): number =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
  assert.ok(valueOf(together, 'process_open_fds') < 1.5e12)
  assert.ok(valueOf(together, 'nodejs_eventloop_lag_p99_seconds') >= 1e12)
  assert.ok(valueOf(together, 'process_resident_memory_bytes') > 1e12)
  assert.equal(valueOf(together, 'process_max_fds'), valueOf(alone, 'process_max_fds'))
})
