/** Tests of the enrollment listener: its certificate, its hosts, client certificates and limits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { enrollRequest } from '../support/enroll.ts'
import { TestService } from '../support/service.ts'

const enrollListen = '127.0.0.1:0'

test('the enrollment listener has a certificate under a root that the data folder contains', async (t) => {
  const service = await TestService.start({ enrollListen })
  t.after(() => service.close())
  const { status, json } = await enrollRequest(service, '/healthz')
  assert.deepEqual([status, json], [200, { status: 'ok' }])
  const missing = await enrollRequest(service, '/acme/web/directory')
  assert.deepEqual(
    [missing.status, missing.headers['content-type'], missing.json?.['title']],
    [404, 'application/problem+json', 'Not Found'],
  )
})
