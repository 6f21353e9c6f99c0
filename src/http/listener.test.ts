/** The lifecycle of listeners and connections, and how responses are sent. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { everyRequest } from '../../test/support/routes.ts'
import { systemRandom } from '../random.ts'
import { createLog } from '../telemetry/log.ts'
import { notFound, textAnswer, type Answer, failedUnexpectedly } from './answer.ts'
import { createBodyBudget } from './body/budget.ts'
import type { Handler, Route } from './route.ts'
import { createPlainServer } from './server.ts'

/** Starts a listener on which `answer` handles every request. */
async function listening(t: TestContext, answer: Handler['answer'], more: readonly Route[] = []) {
  const budget = createBodyBudget()
  const log = createLog('silent')
  const listener = createPlainServer({ log, random: systemRandom, budget }, [
    ...more,
    everyRequest(answer),
  ])
  t.after(() => listener.close())
  const url = await listener.listen({ host: '127.0.0.1', port: 0 })
  const { port } = listener.server.address() as AddressInfo
  return { listener, url, budget, open: () => opened(port) }
}

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

const request = (method: string, path = '/'): string => `${method} ${path} HTTP/1.1\r\nHost: h\r\n`

test('closing a listener closes an idle connection immediately, and a busy connection after its response', async (t) => {
  const release = Promise.withResolvers<Answer>()
  const arrived = Promise.withResolvers<void>()
  const { listener, open } = await listening(t, () => {
    arrived.resolve()
    return release.promise
  })
  const [idle, busy] = [await open(), await open()]
  const answered = text(busy)
  const ended = once(idle, 'close')
  idle.resume()
  busy.write(`${request('GET')}\r\n`)
  await arrived.promise
  const closed = listener.close()
  await ended
  release.resolve(textAnswer(200, 'done'))
  assert.match(await answered, /^HTTP\/1\.1 200 OK\r\n[^]*connection: close[^]*done\n$/i)
  await closed
})

test('a listener responds to every pipelined request before it closes', async (t) => {
  const release = Promise.withResolvers<Answer>()
  const arrived = Promise.withResolvers<void>()
  let count = 0
  const { listener, open } = await listening(t, () => {
    count += 1
    if (count === 3) arrived.resolve()
    return release.promise
  })
  const socket = await open()
  const answered = text(socket)
  socket.write(`${request('GET')}\r\n`.repeat(3))
  await arrived.promise
  const closed = listener.close()
  release.resolve(textAnswer(200, 'done'))
  assert.equal((await answered).match(/HTTP\/1\.1 200 OK/g)?.length, 3)
  await closed
})

test('a listener can be closed twice, and before it listens', async (t) => {
  const { listener, url } = await listening(t, () => notFound)
  await Promise.all([listener.close(), listener.close()])
  await assert.rejects(fetch(url))
  const never = createPlainServer({ log: createLog('silent'), random: systemRandom }, [])
  await never.close()
})

test('the URL of a listener has its host and its actual port', async (t) => {
  const { listener, url } = await listening(t, () => notFound)
  const { port } = listener.server.address() as AddressInfo
  assert.equal(url, `http://127.0.0.1:${port}`)
  const hasIpv6 = networkInterfaces()['lo']?.some(({ address }) => address === '::1') === true
  const hosts = [['0.0.0.0', '127.0.0.1'], ...(hasIpv6 ? [['::1', '[::1]']] : [])] as [
    string,
    string,
  ][]
  for (const [host, shown] of hosts) {
    const other = createPlainServer({ log: createLog('silent'), random: systemRandom }, [])
    const found = await other.listen({ host, port: 0 })
    assert.ok(found.startsWith(`http://${shown}:`), found)
    await other.close()
  }
  const taken = createPlainServer({ log: createLog('silent'), random: systemRandom }, [])
  await assert.rejects(taken.listen({ host: '127.0.0.1', port }), { code: 'EADDRINUSE' })
})

test('the first route that matches method and path handles the request, and a response to HEAD has no body', async (t) => {
  const health = { ...everyRequest(() => textAnswer(200, 'ok')), methods: ['GET'], path: '/health' }
  const { url } = await listening(t, () => notFound, [health])
  assert.equal(await (await fetch(`${url}/health?x`)).text(), 'ok\n')
  for (const [method, path] of [
    ['GET', '/healthy'],
    ['POST', '/health'],
    ['HEAD', '/health'],
  ] as const) {
    const answer = await fetch(`${url}${path}`, { method })
    assert.equal(answer.status, 404)
    assert.equal(answer.headers.get('content-length'), '10')
    assert.equal(await answer.text(), method === 'HEAD' ? '' : 'Not found\n')
  }
})

test('an unread request body is dropped, and its connection is not reused', async (t) => {
  const { open } = await listening(t, () => notFound)
  for (const method of ['GET', 'POST', 'PURGE']) {
    const socket = await open()
    socket.write(`${request(method)}Content-Length: 3\r\n\r\nabc`)
    assert.match(await text(socket), /^HTTP\/1\.1 404 [^]*connection: close[^]*Not found\n$/i)
  }
})

test('every response with status 503 has a Retry-After header', async (t) => {
  const { url } = await listening(t, () => textAnswer(503, 'later'))
  assert.equal((await fetch(url)).headers.get('retry-after'), '1')
})

test('an object that cannot be read causes status 500, or closes the connection if the response has begun', async (t) => {
  const failing = (chunks: readonly string[]): Readable =>
    Readable.from(
      (function* broken() {
        yield* chunks
        throw new Error('the disk is gone')
      })(),
    )
  const headers = { 'content-length': '10', etag: '"x"' }
  const body = { now: failing([]) }
  const { url, budget } = await listening(t, () => ({ status: 200, headers, body: body.now }))
  const failed = await fetch(url)
  assert.deepEqual([failed.status, await failed.text()], [500, `${failedUnexpectedly}\n`])
  assert.equal(failed.headers.get('etag'), null)
  body.now = failing(['part'])
  const begun = await fetch(url)
  assert.equal(begun.status, 200)
  await assert.rejects(begun.text())
  assert.equal(budget.held, 0)
})

test('an object is closed when its client disconnects', async (t) => {
  const body = new Readable({ read: () => void body.push(Buffer.alloc(65_536)) })
  const { open, budget } = await listening(t, () => ({ status: 200, headers: {}, body }))
  const socket = await open()
  socket.write(`${request('GET')}\r\n`)
  await once(socket, 'data')
  socket.destroy()
  await once(body, 'close')
  assert.equal(budget.held, 0)
})

test('an object is closed when its client has disconnected before the object is opened', async (t) => {
  const body = new Readable({ read: () => void body.push(Buffer.alloc(65_536)) })
  const release = Promise.withResolvers<Answer>()
  const { listener, open, budget } = await listening(t, () => release.promise)
  const socket = await open()
  const gone = new Promise((resolve) => {
    listener.server.once('request', (_request, response: ServerResponse) =>
      response.once('close', resolve),
    )
  })
  socket.end(`${request('GET')}\r\n`, () => socket.destroy())
  await gone
  release.resolve({ status: 200, headers: {}, body })
  await once(body, 'close')
  assert.equal(budget.held, 0)
})
