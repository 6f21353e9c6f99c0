import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, request, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { entryOf, everyRequest } from '../../test/support/routes.ts'
import type { FileList } from './built-files.ts'
import { consoleRoutes } from './static-routes.ts'

const page = '<base href="%BASE_PATH%/console/">'
const list: FileList = {
  files: {
    'assets/a-1.js': {
      type: 'text/javascript; charset=utf-8',
      etag: 'a',
      isImmutable: true,
      bytes: { identity: 5, br: 2, gzip: 3 },
    },
    'icon.svg': { type: 'image/svg+xml', etag: 'i', isImmutable: false, bytes: { identity: 4 } },
  },
}

let folder: string
let server: Server
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-console-'))
  const routes = [
    ...consoleRoutes({ basePath: '/pki', folder: join(folder, 'built') }),
    everyRequest(() => ({ status: 418, headers: {}, body: 'api' })),
  ]
  server = createServer(entryOf(routes, { basePath: '/pki' })).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
after(async () => {
  server.close()
  await rm(folder, { recursive: true })
})

interface Received {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

async function get(
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Received> {
  const { port } = server.address() as AddressInfo
  const sent = request({ port, path, method, headers, host: '127.0.0.1' }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const body = Buffer.concat(await response.toArray()).toString()
  return { status: response.statusCode, headers: response.headers, body }
}

async function build(): Promise<void> {
  await mkdir(join(folder, 'built/assets'), { recursive: true })
  const write = (name: string, text: string) => writeFile(join(folder, 'built', name), text)
  await write('index.html', page)
  await write('files.json', JSON.stringify(list))
  await write('assets/a-1.js', 'plain')
  await write('assets/a-1.js.br', 'br')
  await write('assets/a-1.js.gz', 'zip')
  await write('icon.svg', 'icon')
  await write('secret.txt', 'secret')
}

test('a console that has not been built is reported, and is served as soon as it is built', async () => {
  const before_ = await get('/console/')
  assert.equal(before_.status, 503)
  assert.match(before_.body, /npm ci/)
  await build()
  assert.equal((await get('/console/')).status, 200)
})

test('browsers at the root are redirected to the console, and other clients are not', async () => {
  const accept = 'text/html,*/*;q=0.8'
  for (const path of ['/', '/pki', '/pki/']) {
    const answer = await get(path, { accept })
    assert.deepEqual([answer.status, answer.headers.location], [302, '/pki/console/'])
    assert.equal(answer.headers.vary, 'Accept')
  }
  assert.equal((await get('/console')).headers.location, '/pki/console/')
  for (const headers of [{}, { accept: '*/*' }, { accept, authorization: 'AWS4-HMAC-SHA256' }])
    assert.equal((await get('/', headers)).body, 'api')
  assert.equal((await get('/', { accept }, 'POST')).body, 'api')
  assert.equal((await get('/?Action=GetCallerIdentity', { accept })).body, 'api')
})

test('every path without a file name extension is the page, with the path prefix of the proxy', async () => {
  for (const path of [
    '/console/',
    '/pki/console/authorities',
    '/console/authorities/arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/1',
  ]) {
    const answer = await get(path)
    assert.deepEqual([answer.status, answer.body], [200, '<base href="/pki/console/">'])
    assert.equal(answer.headers['cache-control'], 'no-cache')
  }
})

test('all responses have a strict Content-Security-Policy', async () => {
  for (const path of ['/console/', '/console/assets/a-1.js', '/console/nothing.js', '/console']) {
    const { headers } = await get(path)
    const policy = headers['content-security-policy'] ?? ''
    assert.match(String(policy), /^default-src 'none'; script-src 'self'; style-src 'self'; /)
    assert.match(String(policy), /frame-ancestors 'none'; require-trusted-types-for 'script'$/)
    assert.doesNotMatch(String(policy), /unsafe|\*|https?:/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['referrer-policy'], 'no-referrer')
  }
})

test('files have the best encoding that the client accepts, and hashed names are cached forever', async () => {
  const asset = '/console/assets/a-1.js'
  for (const [accepted, encoding, body] of [
    ['gzip, deflate, br', 'br', 'br'],
    ['gzip', 'gzip', 'zip'],
    ['br;q=0, gzip;q=0.5', 'gzip', 'zip'],
    ['identity', undefined, 'plain'],
    ['', undefined, 'plain'],
  ] as const) {
    const answer = await get(asset, { 'accept-encoding': accepted })
    assert.deepEqual([answer.headers['content-encoding'], answer.body], [encoding, body], accepted)
    assert.equal(answer.headers['content-length'], String(body.length))
    assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable')
    assert.equal(answer.headers.vary, 'Accept-Encoding')
  }
  assert.equal((await get('/console/icon.svg')).headers['cache-control'], 'no-cache')
})

test('a current copy is not sent again, and HEAD sends only headers', async () => {
  for (const path of ['/console/', '/console/assets/a-1.js', '/console/icon.svg']) {
    const { headers, body } = await get(path)
    const again = await get(path, { 'if-none-match': headers.etag ?? '' })
    assert.deepEqual([again.status, again.body], [304, ''])
    const head = await get(path, {}, 'HEAD')
    assert.deepEqual([head.status, head.body], [200, ''])
    assert.equal(head.headers['content-length'], String(body.length))
  }
})

test('only listed files are served, and only with GET and HEAD', async () => {
  for (const path of [
    '/console/secret.txt',
    '/console/files.json',
    '/console/../secret.txt',
    '/console/..%2Fsecret.txt',
    '/console/assets/a-1.js.br',
    '/console/__proto__.js',
  ])
    assert.notEqual((await get(path)).body, 'secret', path)
  assert.equal((await get('/console/secret.txt')).status, 404)
  assert.equal((await get('/console/files.json')).status, 404)
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const answer = await get('/console/', {}, method)
    assert.deepEqual([answer.status, answer.headers.allow], [405, 'GET, HEAD'])
  }
})
