/** Tests of `--metrics-listen`, which serves metrics on a separate address, and of `signet status` for such a server. */
import assert from 'node:assert/strict'

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { command, startServer, type ServerProcess } from '../support/process.ts'

interface Started {
  readonly data: string
  readonly server: ServerProcess
  readonly metricsUrl: string
}

async function start(t: TestContext, workers: string): Promise<Started> {
  const data = await mkdtemp(join(tmpdir(), 'signet-metrics-'))
  const flags = ['--workers', workers, '--metrics-listen', '127.0.0.1:0']
  const server = await startServer(data, flags)
  t.after(async () => {
    await server.stop('SIGTERM')
    await rm(data, { recursive: true })
  })
  const [, metricsUrl = ''] = /^Metrics: (http:\S+)$/m.exec(server.stdout()) ?? []
  return { data, server, metricsUrl }
}

for (const workers of ['1', '2'])
  test(`metrics are served on a separate listener, and not on the API listener (workers: ${workers})`, async (t) => {
    const { server, metricsUrl } = await start(t, workers)
    const found = await fetch(metricsUrl)
    assert.equal(found.status, 200)
    assert.match(found.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    const text = await found.text()
    assert.match(text, new RegExp(`^signet_workers ${workers}$`, 'm'))
    assert.match(text, /^signet_healthy 1$/m)
    assert.match(text, /^process_cpu_seconds_total \d/m)
    const refused = await fetch(`${server.url}/metrics`)
    assert.equal(refused.status, 404)
    assert.match(await refused.text(), /--metrics-listen/)
    const { origin } = new URL(metricsUrl)
    for (const path of ['/', '/healthz', '/metrics/', '/crl/x.crl']) {
      const other = await fetch(`${origin}${path}`)
      assert.equal(other.status, 404, path)
      assert.match(await other.text(), /Metrics are at \/metrics/)
    }
    const posted = await fetch(metricsUrl, { method: 'POST', body: 'x' })
    assert.equal(posted.status, 404)
  })

test('signet status finds the metrics through the data folder, or through --metrics-url', async (t) => {
  const { data, server, metricsUrl } = await start(t, '1')
  const credentials = await readFile(join(data, 'credentials'), 'utf8')
  assert.ok(credentials.includes(`signet_metrics_url = ${metricsUrl}\n`), credentials)
  const status = async (...flags: string[]) => {
    const { code, stdout, stderr } = await command(['status', '--output', 'json', ...flags])
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout) as { Server: { Version: string | null; MetricsUrl: string } }
  }
  const found = await status('--data', data)
  assert.equal(found.Server.MetricsUrl, metricsUrl)
  assert.notEqual(found.Server.Version, null)
  const wrong = `${server.url}/metrics`
  const unknown = await status('--data', data, '--metrics-url', wrong)
  assert.equal(unknown.Server.Version, null)
  const { stdout } = await command(['status', '--data', data, '--metrics-url', wrong])
  assert.match(
    stdout,
    /unknown, because http:\S+\/metrics returns no metrics; specify --metrics-url/,
  )
})

test('a server whose metrics listener has the address of the API listener does not start', async () => {
  const address = '127.0.0.1:1234'
  const flags = ['--data', '/nonexistent', '--listen', address, '--metrics-listen', address]
  const { code, stderr } = await command(['serve', ...flags])
  assert.equal(code, 2)
  assert.match(stderr, /--listen and --metrics-listen must not be the same/)
})
