/** Tests of OCSP over HTTP: location of the request, caching of the response, and failures. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createServer, request as httpRequest } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { entryOf, everyRequest } from '../../test/support/routes.ts'
import { createLog } from '../telemetry/log.ts'
import type { OcspAnswer } from './response.ts'
import { createOcspRoute } from './handler.ts'

const now = new Date('2026-03-01T08:20:00.500Z')
const life = {
  producedAt: new Date('2026-03-01T08:15:30.250Z'),
  nextUpdate: new Date('2026-03-01T09:15:30.250Z'),
  freshUntil: new Date('2026-03-01T08:45:30.250Z'),
}
/** All byte values, so that a response sent as text would be detected. */
const der = Uint8Array.from({ length: 256 }, (_, octet) => octet)
/** The first bytes of a 68-byte request. */
const asked = Buffer.concat([Buffer.from('3042', 'hex'), Buffer.alloc(66, 0xfb)])

interface Answered {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: Buffer
}

interface Sent {
  readonly method?: string
  readonly path: string
  readonly headers?: Record<string, string>
  readonly body?: Uint8Array
}

/** Starts a server with the OCSP route. Requests for other routes receive the status 599. */
async function serve(
  t: TestContext,
  {
    find,
    answer = () => Promise.resolve({ der, life }),
  }: {
    find?: (request: Buffer) => OcspAnswer | undefined
    answer?: (request: Buffer) => Promise<OcspAnswer>
  } = {},
) {
  const requests: Buffer[] = []
  const logged: string[] = []
  const route = createOcspRoute({
    clock: { now: () => now },
    responder: {
      find: (request) => find?.(request),
      answer: (request) => {
        requests.push(request)
        return answer(request)
      },
    },
  })
  const other = everyRequest(() => ({ status: 599, headers: {}, body: undefined }))
  const log = createLog('error', { write: (line) => void logged.push(line) })
  const server = createServer(entryOf([route, other], { log }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const send = ({ method = 'GET', path, headers = {}, body }: Sent): Promise<Answered> =>
    new Promise((resolve, reject) => {
      const sent = httpRequest(
        { host: '127.0.0.1', port, method, path, headers, agent: false },
        (response) => {
          buffer(response).then(
            (received) =>
              resolve({
                status: response.statusCode ?? 0,
                headers: response.headers,
                body: received,
              }),
            reject,
          )
        },
      )
      sent.on('error', reject).end(body)
    })
  return { send, requests, logged, port }
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('the response to a request in the body is returned byte for byte, at / and at /ocsp', async (t) => {
  const { send, requests } = await serve(t)
  for (const path of ['/', '/ocsp', '/ocsp/', '/ocsp?a=b']) {
    const { status, headers, body } = await send({ method: 'POST', path, body: asked })
    assert.equal(status, 200, path)
    assert.equal(headers['content-type'], 'application/ocsp-response')
    assert.equal(headers['content-length'], '256')
    assert.equal(hexOf(body), hexOf(der))
    // Responses to POST have no caching headers, because they are not cached (RFC 5019 §6).
    assert.deepEqual([headers['etag'], headers['cache-control']], [undefined, undefined])
  }
  assert.deepEqual(requests.map(hexOf), Array(4).fill(hexOf(asked)))
})

test('a request in the path is read with and without percent signs', async (t) => {
  const { send, requests } = await serve(t)
  const base64 = asked.toString('base64')
  assert.match(base64, /[+/]/)
  const lower = encodeURIComponent(base64).replaceAll(/%../g, (escape) => escape.toLowerCase())
  const paths = [base64, encodeURIComponent(base64), lower, base64.replaceAll('=', '')].flatMap(
    (encoded) => [`/${encoded}`, `/ocsp/${encoded}`, `//${encoded}`, `/ocsp//${encoded}`],
  )
  for (const path of paths) {
    const { status, body } = await send({ path })
    assert.equal(status, 200, path)
    assert.equal(hexOf(body), hexOf(der))
  }
  assert.deepEqual(requests.map(hexOf), Array(paths.length).fill(hexOf(asked)))
})

test('any request in the path is decoded unchanged', async (t) => {
  const { send, requests } = await serve(t)
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (rest) => {
      const request = Buffer.concat([Uint8Array.of(0x30), rest])
      requests.length = 0
      const base64 = request.toString('base64')
      for (const encoded of [base64, encodeURIComponent(base64)])
        await send({ path: `/ocsp/${encoded}` })
      assert.deepEqual(requests.map(hexOf), [hexOf(request), hexOf(request)])
    }),
    { numRuns: 40 },
  )
})

test('a path that is not base64 is an empty request, which the responder answers with malformedRequest', async (t) => {
  const { send, requests } = await serve(t)
  const bad = ['M%', 'M%zz', 'MA%20A', 'MA~A', 'MAAA=A', 'MAAA===', 'MA-_', 'MA%C3%BC']
  for (const encoded of bad) {
    const { status } = await send({ path: `/ocsp/${encoded}` })
    assert.equal(status, 200, encoded)
  }
  assert.equal(requests.length, bad.length)
  // A single base64 character does not encode a whole byte.
  assert.ok(requests.every(({ length }) => length === 0))
})

test('the OCSP route does not match other paths', async (t) => {
  const { send, requests } = await serve(t)
  for (const path of ['/ca/one.cer', '/my-crls/crl/one.crl', '/ocsp2', '/healthz', '/ocsp/x', '/m'])
    for (const method of ['GET', 'POST', 'HEAD'])
      assert.equal((await send({ method, path })).status, 599, `${method} ${path}`)
  assert.equal(requests.length, 0)
})

test('other methods and a GET without a request are refused', async (t) => {
  const { send, requests } = await serve(t)
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/ocsp'],
    ['GET', '/ocsp/'],
    ['HEAD', '/ocsp'],
    ['HEAD', '/MAAA'],
    ['PUT', '/ocsp'],
    ['DELETE', '/ocsp/MAAA'],
    ['OPTIONS', '/ocsp'],
  ] as const) {
    const { status, headers } = await send({ method, path })
    assert.deepEqual([status, headers['allow']], [405, 'GET, POST'], `${method} ${path}`)
  }
  assert.equal(requests.length, 0)
})

test('a body of 64 KiB is accepted, and a longer one is refused', async (t) => {
  const { send, requests } = await serve(t)
  const most = Buffer.alloc(64 * 1024, 1)
  assert.equal((await send({ method: 'POST', path: '/ocsp', body: most })).status, 200)
  assert.equal(requests[0]?.length, most.length)
  const more = Buffer.alloc(64 * 1024 + 1, 1)
  const refused = await send({ method: 'POST', path: '/ocsp', body: more })
  assert.deepEqual([refused.status, refused.headers['connection']], [413, 'close'])
  assert.equal(requests.length, 1)
  assert.equal((await send({ method: 'POST', path: '/ocsp' })).status, 200)
  assert.equal(requests[1]?.length, 0, 'an empty body is an empty request')
})

test('a response to GET may be cached for half of its validity', async (t) => {
  const { send } = await serve(t)
  const { headers } = await send({ path: '/ocsp/MAAA' })
  assert.equal(headers['last-modified'], 'Sun, 01 Mar 2026 08:15:30 GMT')
  assert.equal(headers['expires'], 'Sun, 01 Mar 2026 09:15:30 GMT')
  assert.equal(headers['etag'], `"${createHash('sha1').update(der).digest('hex')}"`)
  assert.equal(headers['cache-control'], 'max-age=1529, public, no-transform, must-revalidate')
})

test('a response after half of its validity may not be cached', async (t) => {
  const past = { ...life, freshUntil: new Date(now.getTime() - 5000) }
  const { send } = await serve(t, {
    answer: () => Promise.resolve({ der: Uint8Array.from(der), life: past }),
  })
  const { headers } = await send({ path: '/ocsp/MAAA' })
  assert.equal(headers['cache-control'], 'max-age=0, public, no-transform, must-revalidate')
})

test('a response without a validity may not be cached', async (t) => {
  const { send } = await serve(t, { answer: () => Promise.resolve({ der, life: undefined }) })
  const { status, headers } = await send({ path: '/ocsp/MAAA' })
  assert.equal(status, 200)
  assert.equal(headers['cache-control'], 'no-store')
  assert.deepEqual(
    [headers['etag'], headers['expires'], headers['last-modified']],
    [undefined, undefined, undefined],
  )
})

test('a client with a current response receives 304', async (t) => {
  const { send } = await serve(t)
  const etag = `"${createHash('sha1').update(der).digest('hex')}"`
  for (const [value, status] of [
    [etag, 304],
    [`"x", ${etag}`, 304],
    ['"x"', 200],
  ] as const) {
    const answer = await send({ path: '/ocsp/MAAA', headers: { 'if-none-match': value } })
    assert.equal(answer.status, status, value)
    assert.equal(answer.body.length, status === 200 ? 256 : 0)
    assert.equal(answer.headers['etag'], etag)
  }
  const post = await send({
    method: 'POST',
    path: '/ocsp',
    body: asked,
    headers: { 'if-none-match': etag },
  })
  assert.equal(post.status, 200)
})

test('a cached response is sent without calling the responder', async (t) => {
  const ready = Uint8Array.of(0x30, 0, 0xff)
  const { send, requests } = await serve(t, { find: () => ({ der: ready, life }) })
  for (const sent of [{ path: '/ocsp/MAAA' }, { method: 'POST', path: '/', body: asked }])
    assert.equal(hexOf((await send(sent)).body), '3000ff')
  assert.equal(requests.length, 0)
})

test('a failing responder causes a 500 and a log line, and the next request is served', async (t) => {
  let fails: 'find' | 'answer' | undefined
  const { send, logged } = await serve(t, {
    find() {
      if (fails === 'find') throw new Error('secret: closed')
      return undefined
    },
    answer: () =>
      fails === 'answer'
        ? Promise.reject(new Error('secret: no key'))
        : Promise.resolve({ der, life: undefined }),
  })
  const post = { method: 'POST', path: '/ocsp', body: asked }
  for (const how of ['find', 'answer'] as const) {
    fails = how
    for (const sent of [post, { path: '/ocsp/MAAw' }]) {
      const { status, body } = await send(sent)
      assert.deepEqual(
        [status, body.toString()],
        [500, 'The request failed unexpectedly. The server log contains the reason.\n'],
      )
    }
  }
  assert.equal(logged.length, 4)
  assert.equal(logged.filter((line) => line.includes('secret: closed')).length, 2)
  assert.equal(logged.filter((line) => line.includes('secret: no key')).length, 2)
  fails = undefined
  const { status, body } = await send({ ...post, path: '/' })
  assert.deepEqual([status, hexOf(body)], [200, hexOf(der)])
})

test('the server survives a client that disconnects before its response', async (t) => {
  const release = Promise.withResolvers<OcspAnswer>()
  const { send, logged, requests, port } = await serve(t, { answer: () => release.promise })
  const gone = new AbortController()
  const waiting = fetch(`http://127.0.0.1:${port}/ocsp`, {
    method: 'POST',
    body: 'x',
    signal: gone.signal,
  })
  while (requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  gone.abort()
  await assert.rejects(waiting)
  release.resolve({ der, life: undefined })
  assert.equal((await send({ method: 'POST', path: '/ocsp', body: asked })).status, 200)
  assert.deepEqual(logged, [])
})

test('the server survives a client that disconnects in the middle of its body', async (t) => {
  const { send, requests, port } = await serve(t)
  const socket = connect(port, '127.0.0.1')
  socket.write('POST /ocsp HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n0123')
  await new Promise((resolve) => setTimeout(resolve, 50))
  socket.destroy()
  await new Promise((resolve) => socket.once('close', resolve))
  assert.equal((await send({ path: '/ocsp/MAAA' })).status, 200)
  assert.deepEqual(requests.map(hexOf), ['300000'])
})
