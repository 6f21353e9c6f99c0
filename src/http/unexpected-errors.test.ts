/**
 * Unexpected errors at every entry point for requests. Unexpected errors are logged and reported to the client, and do not stop
 * the process.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { createGate } from '../../embedded/gate.ts'
import { createRequestHandler } from '../../embedded/request-handler.ts'
import { entryOf, everyRequest } from '../../test/support/routes.ts'
import { createLog, type Log } from '../telemetry/log.ts'
import { systemRandom } from '../random.ts'
import { createBodyBudget } from './body/budget.ts'
import type { ApiServices } from './protocol.ts'
import { createOcspRoute } from '../ocsp/handler.ts'
import { apiRoutes, publicRoutes } from './routes.ts'
import { createApiServer, createPlainServer } from './server.ts'
import type { Services } from '../services.ts'

const broken = (): never => {
  throw new Error('secret detail')
}

interface Logged {
  readonly log: Log
  readonly lines: string[]
}

function logged(): Logged {
  const lines: string[] = []
  return { lines, log: createLog('error', { write: (line) => void lines.push(line) }) }
}

/** Creates services, with replacements from `parts`. */
function services(log: Log, parts: object): ApiServices {
  return {
    log,
    random: systemRandom,
    findOperation: () => undefined,
    clock: { now: () => new Date(0) },
    callLog: undefined,
    services: { metrics: { request: () => {}, text: async () => '', contentType: 'text/plain' } },
    ...parts,
  } as unknown as ApiServices
}

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const json = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'ACMPrivateCA.X' }
const form = { 'content-type': 'application/x-www-form-urlencoded' }

const breakages: [name: string, parts: object][] = [
  ['the operation table', { findOperation: broken }],
  ['the clock', { clock: { now: broken } }],
]

for (const [name, parts] of breakages) {
  test(`a failure of ${name} is logged, and returned to the client in JSON or XML`, async (t) => {
    const { log, lines } = logged()
    const url = await serve(t, entryOf(apiRoutes(services(log, parts)), { log }))
    const first = await fetch(url, { method: 'POST', headers: json, body: '{}' })
    assert.deepEqual([first.status, await first.text()], [500, '{"__type":"InternalFailure"}'])
    assert.equal(first.headers.get('x-amzn-errortype'), 'InternalFailure')
    assert.equal(first.headers.get('x-amzn-requestid'), 'the-id')
    const second = await fetch(url, { method: 'POST', headers: form, body: 'Action=x' })
    assert.equal(second.status, 500)
    assert.match(await second.text(), /^<ErrorResponse .*<Code>InternalFailure<\/Code>/)
    assert.equal(lines.filter((line) => line.includes('secret detail')).length, 2)
  })

  test(`a failure of ${name} is logged, and returned by an embedded CA`, async () => {
    const { log, lines } = logged()
    const api = services(log, parts)
    const handler = createRequestHandler({ api, gate: createGate(), requestId: () => 'the-id' })
    const request = { method: 'POST', protocol: 'http:', path: '/', headers: json, body: '{}' }
    const { response } = await handler.handle(request)
    assert.equal(response.statusCode, 500)
    assert.equal(response.headers['x-amzn-errortype'], 'InternalFailure')
    assert.match(lines.join(''), /secret detail/)
  })
}

test('a failure to count a call or to write its optional record does not change the response', async (t) => {
  const parts: object[] = [
    { callLog: { isRequired: false, record: broken } },
    { services: { metrics: { request: broken } } },
  ]
  for (const part of parts) {
    const { log, lines } = logged()
    const budget = createBodyBudget()
    const api = services(log, { random: systemRandom, ...part })
    const url = await serve(t, entryOf(apiRoutes(api), { log, budget }))
    const answer = await fetch(url, { method: 'POST', headers: json, body: '{}' })
    assert.equal(answer.headers.get('x-amzn-errortype'), 'UnknownOperationException')
    assert.equal(lines.length, 1)
    assert.equal(budget.held, 0)
  }
})

test('a call that cannot be recorded is rejected if records are required', async (t) => {
  const { log, lines } = logged()
  const callLog = { isRequired: true, record: broken, requireWritable() {} }
  const api = services(log, {
    callLog,
    services: { random: systemRandom, metrics: { request() {} } },
  })
  const url = await serve(t, entryOf(apiRoutes(api), { log }))
  const answer = await fetch(url, { method: 'POST', headers: json, body: '{}' })
  assert.equal(answer.headers.get('x-amzn-errortype'), 'ServiceUnavailable')
  assert.match(lines.join(''), /secret detail/)
})

test('a failing log does not prevent responses', async (t) => {
  const levels = { info: broken, error: broken, debug: broken, warn: broken }
  const log = { ...levels, written: () => undefined } as unknown as Log
  const url = await serve(t, entryOf(apiRoutes(services(log, {})), { log }))
  const known = await fetch(url, { method: 'POST', headers: json, body: '{}' })
  assert.equal(known.headers.get('x-amzn-errortype'), 'UnknownOperationException')
  const responder = { find: broken, answer: broken }
  const ocsp = createOcspRoute({ clock: { now: () => new Date(0) }, responder })
  const ocspUrl = await serve(t, entryOf([ocsp], { log }))
  for (const method of ['GET', 'POST'])
    assert.equal(
      (await fetch(`${ocspUrl}/${method === 'GET' ? 'MF' : ''}`, { method })).status,
      500,
    )
})

test('a listener returns 500 if its handler throws, and keeps serving', async (t) => {
  const { log, lines } = logged()
  const isBroken = { now: true }
  const server = createPlainServer(
    { log, random: systemRandom },
    publicRoutes({
      services: { log, publicUrl: '' } as Services,
      ocsp: { ...everyRequest(broken), path: () => (isBroken.now ? broken() : undefined) },
      publicObjects: { open: broken },
    }),
  )
  t.after(() => server.close())
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  assert.equal((await fetch(`${url}/bucket/x`)).status, 500)
  isBroken.now = false
  assert.equal((await fetch(`${url}/bucket/x`)).status, 500)
  assert.equal((await fetch(`${url}/healthz`)).status, 200)
  assert.equal(lines.filter((line) => line.includes('secret detail')).length, 2)
})

test('a failure to accept a connection is logged', async (t) => {
  const { log, lines } = logged()
  const server = createApiServer({ ...services(log, {}), random: systemRandom })
  t.after(() => server.close())
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  server.server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }))
  assert.match(lines.join(''), /accept EMFILE/)
  assert.equal((await fetch(`${url}/healthz`)).status, 200)
})
