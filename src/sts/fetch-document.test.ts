import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { fetchDocument, type Resolve } from './fetch-document.ts'

let server: Server
let port: number
let connections = 0
let answer: (path: string) => { status?: number; body?: string; location?: string }

before(async () => {
  server = createServer((request, response) => {
    const { status = 200, body = '{}', location } = answer(request.url ?? '')
    response.writeHead(status, location === undefined ? {} : { location })
    response.end(body)
  })
  server.on('connection', () => (connections += 1))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  port = (server.address() as AddressInfo).port
})
beforeEach(() => {
  connections = 0
  answer = () => ({})
})
after(() => server.close())

const resolvesTo = (...addresses: readonly string[]): { resolve: Resolve; asked: string[] } => {
  const asked: string[] = []
  return {
    asked,
    resolve(host, _options, then) {
      asked.push(host)
      then(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )
    },
  }
}

const get = (url: string, issuer: string, resolve?: Resolve): Promise<string> =>
  fetchDocument(url, {
    issuer,
    signal: AbortSignal.timeout(5000),
    ...(resolve && { resolve }),
  })

test("a document of a local issuer is fetched from the issuer's own origin", async () => {
  const issuer = `http://127.0.0.1:${port}/id`
  assert.equal(await get(`${issuer}/x`, issuer), '{}')
  assert.equal(await get(`http://localhost:${port}/`, `http://localhost:${port}`), '{}')
})

test('a remote issuer cannot make the server connect to its own machine or to a metadata service', async () => {
  const issuer = 'https://issuer.example.com'
  for (const host of [
    `http://127.0.0.1:${port}`,
    `https://127.0.0.1:${port}`,
    `https://localhost:${port}`,
    `https://0x7f.1:${port}`,
    `https://2130706433:${port}`,
    `https://[::1]:${port}`,
    `https://[::ffff:127.0.0.1]:${port}`,
    `https://[64:ff9b::127.0.0.1]:${port}`,
    `https://0.0.0.0:${port}`,
    'https://169.254.169.254',
    'https://[fd00:ec2::254]',
    'http://issuer.example.com',
    'http://10.0.0.1',
    'file:///etc/passwd',
    `https://user:password@issuer.example.com:${port}`,
  ])
    await assert.rejects(
      get(`${host}/keys`, issuer, resolvesTo('127.0.0.1').resolve),
      (error: Error) => error.message !== '',
      host,
    )
  assert.equal(connections, 0)
})

test('a local issuer cannot make the server connect to another port without TLS, or to a metadata service', async () => {
  const issuer = `http://127.0.0.1:${port + 1}`
  for (const url of [
    `http://127.0.0.1:${port}/`,
    'http://169.254.169.254/latest/meta-data/',
    'https://169.254.169.254/',
    'http://example.com/',
  ])
    await assert.rejects(get(url, issuer))
  assert.equal(connections, 0)
})

test('a host name is resolved once, and refused if any of its addresses is internal', async () => {
  const issuer = `https://issuer.example.com:${port}`
  for (const addresses of [
    ['127.0.0.1'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['192.0.2.1', '127.0.0.1'],
    ['169.254.169.254'],
    [],
  ]) {
    const { resolve, asked } = resolvesTo(...addresses)
    await assert.rejects(get(`${issuer}/keys`, issuer, resolve), /issuer\.example\.com/)
    assert.deepEqual(asked, ['issuer.example.com'])
  }
  assert.equal(connections, 0)
})

test('redirects are not followed, and the size of a document is limited', async () => {
  const issuer = `http://127.0.0.1:${port}`
  answer = (path) =>
    path === '/to' ? { body: 'there' } : { status: 302, location: `${issuer}/to` }
  await assert.rejects(get(`${issuer}/from`, issuer), /status 302/)
  answer = () => ({ body: 'x'.repeat(262_144) })
  assert.equal((await get(issuer, issuer)).length, 262_144)
  answer = () => ({ body: 'x'.repeat(262_145) })
  await assert.rejects(get(issuer, issuer), /longer than 262144 bytes/)
})
