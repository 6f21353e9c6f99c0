/** Client certificates on a listener that requests them without verifying them. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { request, type RequestOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect, type ConnectionOptions, type SecureVersion } from 'node:tls'
import {
  craft,
  named,
  newKeys,
  pemOf,
  type Crafted,
} from '../../test/support/crafted-certificates.ts'
import { everyRequest } from '../../test/support/routes.ts'
import { makeCertificate } from '../../test/support/tls.ts'
import { systemRandom } from '../random.ts'
import { createLog } from '../telemetry/log.ts'
import { oids } from '../x509/der/oid.ts'
import type { Listener } from './listener.ts'
import { createTlsServer } from './server.ts'

let folder: string
let listener: Listener
let port: number
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-clients-'))
  const files = await makeCertificate(folder, 'listener')
  const [cert, key] = await Promise.all([readFile(files.cert, 'utf8'), readFile(files.key, 'utf8')])
  listener = createTlsServer(
    {
      log: createLog('silent'),
      random: systemRandom,
      limits: { headersMilliseconds: 1000, checkMilliseconds: 50 },
    },
    [
      everyRequest((_request, { clientCertificate }) => {
        const chain = clientCertificate?.()
        const subjects = chain?.map((der) => new X509Certificate(der).subject)
        return { status: 200, headers: {}, body: JSON.stringify(subjects ?? 'none') }
      }),
    ],
    { cert, key, ca: undefined, requestsAnyCertificate: true },
  )
  await listener.listen({ host: '127.0.0.1', port: 0 })
  port = (listener.server.address() as AddressInfo).port
})
after(async () => {
  await listener.close()
  await rm(folder, { recursive: true })
})

function presented(options: RequestOptions): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const to = { host: '127.0.0.1', port, rejectUnauthorized: false, agent: false }
    const sent = request({ ...to, ...options }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve(JSON.parse(text)))
    })
    sent.on('error', reject)
    sent.end()
  })
}

function clientOf(first: Crafted, ...issuers: readonly Crafted[]): ConnectionOptions {
  const key = first.keys.privateKey.export({ type: 'pkcs8', format: 'pem' })
  return { cert: pemOf(first, ...issuers), key }
}

const versions: readonly SecureVersion[] = ['TLSv1.2', 'TLSv1.3']

for (const maxVersion of versions) {
  test(`${maxVersion}: a client without a certificate is served`, async () => {
    assert.equal(await presented({ maxVersion }), 'none')
  })

  test(`${maxVersion}: a handler gets the certificates in the order in which the client sent them`, async () => {
    const root = craft({ subject: named('root') })
    const middle = craft({ subject: named('middle') }, root)
    const client = craft({ subject: named('client') }, middle)
    const sent = clientOf(client, middle, root)
    assert.deepEqual(await presented({ ...sent, maxVersion }), [
      'CN=client',
      'CN=middle',
      'CN=root',
    ])
    assert.deepEqual(await presented({ ...clientOf(client), maxVersion }), ['CN=client'])
    const unordered = clientOf(client, root, root, middle)
    assert.deepEqual(await presented({ ...unordered, maxVersion }), [
      'CN=client',
      'CN=root',
      'CN=root',
      'CN=middle',
    ])
  })

  test(`${maxVersion}: a certificate that cannot be verified or read does not end the connection`, async () => {
    const own = newKeys()
    const expired = craft({ subject: named('expired'), notAfter: '2020-01-02T00:00:00Z' })
    const forged = craft(
      { subject: named('forged'), issuer: expired.certificate.subject.der, keys: own },
      craft(),
    )
    const extensions = [{ oid: oids.authorityInfoAccess, critical: true, value: Buffer.from('x') }]
    const unreadable = craft({ subject: named('unreadable'), extensions })
    for (const client of [expired, forged, unreadable]) {
      const [name] = (await presented({ ...clientOf(client), maxVersion })) as string[]
      assert.equal(name, new X509Certificate(client.certificate.der).subject)
    }
  })

  test(`${maxVersion}: a session is not resumed, because it would lack certificates of the client`, async () => {
    const options = { host: '127.0.0.1', port, rejectUnauthorized: false, maxVersion }
    const first = connect({ ...options, ...clientOf(craft()) })
    let session: Buffer | undefined
    first.on('session', (offered: Buffer) => (session = offered))
    await once(first, 'secureConnect')
    first.write('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    first.resume()
    await once(first, 'close')
    const second = connect({ ...options, session })
    await once(second, 'secureConnect')
    assert.equal(second.isSessionReused(), false)
    second.destroy()
  })
}

test('a client that sends hundreds of certificates gets the first ones read', async () => {
  const issuer = craft()
  const sent = clientOf(
    craft({ subject: named('client') }),
    ...Array.from({ length: 150 }, () => issuer),
  )
  const names = (await presented(sent)) as string[]
  assert.deepEqual([names.length, names[0]], [10, 'CN=client'])
})

test('a client cannot renegotiate TLS 1.2', async () => {
  const socket = connect({
    host: '127.0.0.1',
    port,
    rejectUnauthorized: false,
    maxVersion: 'TLSv1.2',
  })
  await once(socket, 'secureConnect')
  const failed = once(socket, 'error')
  socket.renegotiate({ rejectUnauthorized: false }, () => {})
  const [error] = (await failed) as [Error]
  assert.match(error.message, /no renegotiation/i)
})

test('a client that does not complete its request is disconnected', async () => {
  const options = { host: '127.0.0.1', port, rejectUnauthorized: false }
  const socket = connect({ ...options, ...clientOf(craft()) })
  let received = ''
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()))
  socket.write('GET / HTTP/1.1\r\nHost: h\r\n')
  await once(socket, 'close')
  assert.match(received, /^HTTP\/1\.1 408 /)
})

test('plain HTTP on the TLS port ends the connection, and the listener serves further clients', async () => {
  await assert.rejects(fetch(`http://127.0.0.1:${port}/`))
  assert.equal(await presented({}), 'none')
})
