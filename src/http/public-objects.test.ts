/** Objects over HTTP: lookup, conditional requests, range requests, and the closing of every opened object. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { ObjectLocation, PublicObject } from '../objects/object-store.ts'
import { indexHeaders } from '../wire/sigv4/request.ts'
import type { Answer } from './answer.ts'
import { answerObject } from './public-objects.ts'

const body = Buffer.from('0123456789')
const lastModified = new Date('2026-03-01T08:15:30Z')
const modifiedText = 'Sun, 01 Mar 2026 08:15:30 GMT'
const expires = new Date('2026-03-08T08:15:30Z')
const now = new Date('2026-03-08T08:00:00.500Z')

type Options = Partial<Pick<PublicObject, 'acl' | 'size' | 'expires' | 'stream'>>

/** Creates a store that returns the same object for every bucket and key. */
function storeWith(options: Options | undefined) {
  const opened: ObjectLocation[] = []
  let closed = 0
  const object: PublicObject = {
    etag: 'abc',
    size: body.length,
    acl: 'PUBLIC_READ',
    contentType: 'application/pkix-crl',
    lastModified,
    stream: (range) =>
      Readable.from([range === undefined ? body : body.subarray(range.start, range.end + 1)]),
    close() {
      closed += 1
      return Promise.resolve()
    },
    ...options,
  }
  const publicObjects = {
    open(at: ObjectLocation) {
      opened.push(at)
      return Promise.resolve(options === undefined ? undefined : object)
    },
  }
  return { publicObjects, opened, closed: () => closed }
}

interface Asked {
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly object?: Options | undefined
}

/** Requests the object and returns status, headers and body. Asserts that every opened object was closed once. */
async function ask({
  method = 'GET',
  path = '/my-crls/crl/one.crl',
  headers = {},
  ...rest
}: Asked) {
  const store = storeWith('object' in rest ? rest.object : {})
  const { publicObjects } = store
  const request = { method, localPath: path, headers: indexHeaders(Object.entries(headers).flat()) }
  const answer = await answerObject({ publicObjects, clock: { now: () => now } }, request)
  const text = await textOf(answer)
  const wasThere = store.opened.length > 0 && !('object' in rest && rest.object === undefined)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(store.closed(), wasThere ? 1 : 0, 'closed')
  return { status: answer.status, headers: answer.headers, text, opened: store.opened }
}

async function textOf({ body: answered }: Answer): Promise<string | undefined> {
  if (answered === undefined) return undefined
  return Buffer.from(answered instanceof Readable ? await buffer(answered) : answered).toString(
    'latin1',
  )
}

test('GET returns the whole object with its metadata in the headers', async () => {
  const { status, headers, text, opened } = await ask({ object: { expires } })
  assert.equal(status, 200)
  assert.equal(text, '0123456789')
  assert.deepEqual(opened, [{ bucket: 'my-crls', key: 'crl/one.crl' }])
  assert.deepEqual(headers, {
    'content-type': 'application/pkix-crl',
    'content-length': '10',
    'accept-ranges': 'bytes',
    etag: '"abc"',
    'last-modified': modifiedText,
    'x-content-type-options': 'nosniff',
    expires: 'Sun, 08 Mar 2026 08:15:30 GMT',
    'cache-control': 'public, max-age=929',
  })
})

test('an expired object has max-age=0, and an object without expiry has no caching headers', async () => {
  const past = await ask({ object: { expires: new Date(now.getTime() - 1) } })
  assert.equal(past.headers['cache-control'], 'public, max-age=0')
  const { headers } = await ask({})
  assert.deepEqual([headers['expires'], headers['cache-control']], [undefined, undefined])
})

test('HEAD returns the headers of GET without a body', async () => {
  const get = await ask({ object: { expires } })
  const head = await ask({ method: 'HEAD', object: { expires } })
  assert.equal(head.status, 200)
  assert.equal(head.text, undefined)
  assert.deepEqual(head.headers, get.headers)
})

test('a missing object, an object that is not public, and an invalid path return 404', async () => {
  const missing = await ask({ object: undefined })
  assert.deepEqual([missing.status, missing.opened.length], [404, 1])
  const secret = await ask({ object: { acl: 'BUCKET_OWNER_FULL_CONTROL' } })
  assert.equal(secret.status, 404)
  assert.deepEqual(secret.headers, missing.headers)
  assert.equal(secret.text, missing.text)
  for (const path of [
    '',
    '/',
    '//',
    '/ab/x',
    '/my-crls',
    '/my-crls/',
    '//my-crls/x',
    '/My-crls/x',
    '/my_crls/x',
    `/${'a'.repeat(64)}/x`,
    '/my%2Dcrls/x',
    '/my-crls/%',
    '/my-crls/%zz',
    '/my-crls/%c3',
    '/my-crls/a\nb\n',
    'my-crls/x',
  ]) {
    const { status, opened } = await ask({ path })
    assert.deepEqual([status, opened.length], [404, 0], JSON.stringify(path))
  }
})

test('the object key is the path, decoded once, and .. segments have no effect', async () => {
  for (const [path, key] of [
    ['/my-crls/a/b/c.crl', 'a/b/c.crl'],
    ['/my-crls/a%20b', 'a b'],
    ['/my-crls/%C3%BC', 'ü'],
    ['/my-crls/a%252F', 'a%2F'],
    ['/my-crls/..%2Fcredentials', '../credentials'],
    ['/my-crls/../credentials', '../credentials'],
    ['/my-crls//a', '/a'],
    ['/my-crls/a%00', 'a\0'],
    ['/my-crls/a+b', 'a+b'],
  ] as const)
    assert.deepEqual((await ask({ path })).opened, [{ bucket: 'my-crls', key }], path)
})

test('methods other than GET and HEAD are rejected before an object is opened', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
    const { status, headers, opened } = await ask({ method })
    assert.deepEqual([status, headers['allow'], opened.length], [405, 'GET, HEAD', 0], method)
  }
})

test('a conditional request for an unchanged object returns 304', async () => {
  const later = 'Sun, 01 Mar 2026 08:15:31 GMT'
  const earlier = 'Sun, 01 Mar 2026 08:15:29 GMT'
  for (const [headers, status] of [
    [{ 'if-none-match': '"abc"' }, 304],
    [{ 'if-none-match': 'W/"abc"' }, 304],
    [{ 'if-none-match': '"x", "abc"' }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"x"' }, 200],
    [{ 'if-none-match': 'abc' }, 200],
    [{ 'if-modified-since': modifiedText }, 304],
    [{ 'if-modified-since': later }, 304],
    [{ 'if-modified-since': earlier }, 200],
    [{ 'if-modified-since': 'yesterday' }, 200],
    // If-None-Match takes precedence over If-Modified-Since (RFC 9110 §13.2.2).
    [{ 'if-none-match': '"x"', 'if-modified-since': later }, 200],
    [{ 'if-none-match': '"abc"', 'if-modified-since': earlier }, 304],
    [{ 'if-none-match': '"abc"', 'cache-control': 'no-cache' }, 200],
  ] as const)
    for (const method of ['GET', 'HEAD']) {
      const answer = await ask({ method, headers })
      assert.equal(answer.status, status, `${method} ${JSON.stringify(headers)}`)
      if (status === 200) continue
      assert.equal(answer.text, undefined)
      assert.equal(answer.headers['etag'], '"abc"')
      assert.equal(answer.headers['content-length'], undefined)
    }
})

test('a request for one byte range returns that range', async () => {
  for (const [range, contentRange, text] of [
    ['bytes=0-0', 'bytes 0-0/10', '0'],
    ['bytes=2-4', 'bytes 2-4/10', '234'],
    ['bytes=7-', 'bytes 7-9/10', '789'],
    ['bytes=7-1000', 'bytes 7-9/10', '789'],
    ['bytes=-3', 'bytes 7-9/10', '789'],
    ['bytes=-1000', 'bytes 0-9/10', '0123456789'],
    ['Bytes=2-4', 'bytes 2-4/10', '234'],
  ] as const) {
    const answer = await ask({ headers: { range } })
    assert.equal(answer.status, 206, range)
    assert.equal(answer.text, text)
    assert.equal(answer.headers['content-range'], contentRange)
    assert.equal(answer.headers['content-length'], String(text.length))
    assert.equal(answer.headers['etag'], '"abc"')
  }
})

test('a request with several ranges, another unit or an invalid range returns the whole object', async () => {
  for (const range of [
    'bytes=0-1,4-5',
    'bytes=0-1, 4-5',
    'lines=0-1',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'bytes=4-2',
    'bytes=1',
    'bytes 0-1',
    '0-1',
    '',
  ]) {
    const { status, text, headers } = await ask({ headers: { range } })
    assert.deepEqual(
      [status, text, headers['content-range']],
      [200, '0123456789', undefined],
      JSON.stringify(range),
    )
  }
})

test('a range that begins after the end returns 416 and the size of the object', async () => {
  for (const range of ['bytes=10-', 'bytes=10-20', 'bytes=1000-1001', 'bytes=-0']) {
    const { status, headers } = await ask({ headers: { range } })
    assert.deepEqual([status, headers['content-range']], [416, 'bytes */10'], range)
  }
})

test('HEAD ignores Range (RFC 9110 §14.2)', async () => {
  for (const range of ['bytes=2-4', 'bytes=10-', 'bytes=-0']) {
    const { status, headers } = await ask({ method: 'HEAD', headers: { range } })
    assert.deepEqual(
      [status, headers['content-length'], headers['content-range']],
      [200, '10', undefined],
      range,
    )
  }
})

test('a range request whose If-Range does not match returns the whole object', async () => {
  const range = 'bytes=2-4'
  for (const condition of ['"abc"', modifiedText])
    assert.equal((await ask({ headers: { range, 'if-range': condition } })).status, 206, condition)
  for (const condition of ['"x"', 'W/"abc"', 'Sun, 01 Mar 2026 08:15:31 GMT', 'abc', ''])
    assert.equal((await ask({ headers: { range, 'if-range': condition } })).status, 200, condition)
  const both = await ask({ headers: { range, 'if-none-match': '"abc"' } })
  assert.equal(both.status, 304, 'a condition is evaluated before the range')
})

test('any Range header yields a part of the object, the whole object or status 416', async () => {
  const positions = fc.oneof(fc.nat(12), fc.constant(''))
  await fc.assert(
    fc.asyncProperty(positions, positions, async (start, end) => {
      const answer = await ask({ headers: { range: `bytes=${start}-${end}` } })
      assert.ok([200, 206, 416].includes(answer.status))
      if (answer.status === 416) return
      assert.equal(answer.text?.length, Number(answer.headers['content-length']))
      const [, first = 0, last = 9] =
        /^bytes (\d+)-(\d+)\/10$/.exec(answer.headers['content-range'] ?? '') ?? []
      assert.equal(answer.text, body.toString('latin1', Number(first), Number(last) + 1))
    }),
  )
})

test('an empty object is returned as an empty body', async () => {
  const empty = { size: 0, stream: () => Readable.from([]) }
  const { status, text, headers } = await ask({ object: empty })
  assert.deepEqual([status, text, headers['content-length']], [200, '', '0'])
  const ranged = await ask({ object: empty, headers: { range: 'bytes=0-' } })
  assert.deepEqual([ranged.status, ranged.headers['content-range']], [416, 'bytes */0'])
})

test('an object is closed when its client disconnects during the transfer', async () => {
  const store = storeWith({
    stream: () =>
      Readable.from(
        (function* endless() {
          for (;;) yield Buffer.alloc(1000)
        })(),
      ),
  })
  const { publicObjects } = store
  const request = { method: 'GET', localPath: '/my-crls/x', headers: indexHeaders([]) }
  const { body: stream } = await answerObject({ publicObjects, clock: { now: () => now } }, request)
  assert.ok(stream instanceof Readable)
  stream.read()
  assert.equal(store.closed(), 0)
  stream.destroy()
  await new Promise((resolve) => stream.once('close', resolve))
  assert.equal(store.closed(), 1)
})

test('an object that cannot be streamed is closed, and the error is rethrown', async () => {
  const store = storeWith({
    stream: () => {
      throw new Error('the disk is unavailable')
    },
  })
  const { publicObjects } = store
  const request = { method: 'GET', localPath: '/my-crls/x', headers: indexHeaders([]) }
  await assert.rejects(
    answerObject({ publicObjects, clock: { now: () => now } }, request),
    /the disk is unavailable/,
  )
  assert.equal(store.closed(), 1)
})
