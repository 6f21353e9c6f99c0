/** Tests of `GET /metrics` on server processes during a database outage. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { databaseUrl } from '../support/chosen-database.ts'
import { TestFolder } from '../support/database.ts'
import { sharedPostgres } from '../support/postgres.ts'
import { startServer, type ServerProcess } from '../support/process.ts'
import { eventually } from '../support/revocation.ts'

const postgres = sharedPostgres()

async function metrics({ url }: ServerProcess): Promise<string> {
  const answer = await fetch(`${url}/metrics`)
  assert.equal(answer.status, 200)
  return answer.text()
}

for (const workers of ['1', '3'])
  test(`metrics are served during a database outage (workers: ${workers})`, async (t) => {
    const server = await postgres(t)
    if (server === undefined) return
    using folder = new TestFolder()
    const url = databaseUrl(await server.createDatabase())
    const flags = ['--database', url, '--workers', workers]
    const running = await startServer(folder.file('data'), flags)
    t.after(() => running.stop('SIGKILL'))
    const queue = /^signet_job_queue_depth\{job="publish-crls"\} 0$/m
    const before_ = await metrics(running)
    assert.match(before_, /^signet_database_up 1$/m)
    assert.match(before_, queue)
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'ACMPrivateCA.ListTags',
    }
    const { status } = await fetch(running.url, { method: 'POST', headers, body: '{}' })
    assert.equal(status, 400)

    await server.stop('crash')
    for (const text of await Promise.all([1, 2, 3, 4].map(() => metrics(running)))) {
      assert.match(text, /^signet_database_up 0$/m)
      assert.doesNotMatch(text, /^signet_(?:crl_age|job_queue|authority_expiry)\w*\{/m)
      assert.match(text, /^signet_requests_total\{operation="ListTags",result="\w+"\} 1$/m)
      assert.match(text, /^signet_build_info\{version="[^"]+"\} 1$/m)
      assert.match(text, /^signet_uncaught_errors_total 0$/m)
    }
    assert.equal((await fetch(`${running.url}/healthz`)).status, 503)

    await server.startAgain()
    await eventually(
      async () => {
        const text = await metrics(running)
        return /^signet_database_up 1$/m.test(text) && queue.test(text) ? true : undefined
      },
      'metrics from the database',
      30,
    )
    assert.equal(await running.stop('SIGTERM'), 0)
  })
