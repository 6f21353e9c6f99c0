/** Tests of HTTP requests to EST endpoints: paths, methods, types, limits, channel binding, and mutated requests. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { oids } from '../../../src/x509/der/oid.ts'
import { attribute, craftRequest, utf8String } from '../../support/crafted-requests.ts'
import {
  basic,
  clientKey,
  csrBody,
  enrolled,
  estCall,
  createEndpoint,
  createPassword,
} from '../../support/est.ts'
import { createRoot } from '../../support/hierarchy.ts'
import { TestService } from '../../support/service.ts'

let service: TestService
let authorityArn: string
before(async () => {
  service = await TestService.start({ enrollListen: '127.0.0.1:0' })
  authorityArn = (await createRoot(service)).arn
  await createEndpoint(service, 'devices', { ca: authorityArn })
})
after(() => service.close())

test('unknown endpoints and operations are not found', async () => {
  const paths = [
    'other/cacerts',
    'devices/other',
    'devices',
    'devices/',
    'cacerts',
    '',
    'devices/cacerts/',
    'Devices/cacerts',
    'devices/constructor',
    '../est/devices/cacerts',
  ]
  for (const path of paths) assert.equal((await estCall(service, path)).status, 404, path)
})

test('operations that are off or unsupported are refused, and csrattrs asks for nothing', async () => {
  const { csr } = await clientKey()
  for (const [operation, status] of [
    ['serverkeygen', 501],
    ['fullcmc', 501],
  ] as const)
    assert.equal((await estCall(service, `devices/${operation}`, { csr })).status, status)
  const attributes = await estCall(service, 'devices/csrattrs')
  assert.deepEqual([attributes.status, attributes.text], [204, ''])
})

test('other methods, types and encodings are refused', async () => {
  const { csr } = await clientKey()
  for (const [operation, method, allow] of [
    ['cacerts', 'POST', 'GET, HEAD'],
    ['csrattrs', 'DELETE', 'GET, HEAD'],
    ['simpleenroll', 'GET', 'POST'],
    ['simplereenroll', 'PUT', 'POST'],
  ] as const) {
    const answer = await estCall(service, `devices/${operation}`, { method })
    assert.deepEqual([answer.status, answer.headers['allow']], [405, allow])
  }
  for (const type of ['application/pkcs7-mime', 'text/plain', 'application/pkcs10x', ''])
    assert.equal(
      (await estCall(service, 'devices/simpleenroll', { csr, headers: { 'content-type': type } }))
        .status,
      415,
    )
  const gzip = { 'content-encoding': 'gzip' }
  assert.equal((await estCall(service, 'devices/simpleenroll', { csr, headers: gzip })).status, 415)
})

test('authentication precedes the body, and a body that is too long is refused', async () => {
  const long = 'A'.repeat(64 * 1024 + 1)
  assert.equal((await estCall(service, 'devices/simpleenroll', { body: long })).status, 413)
  assert.equal((await estCall(service, 'devices/simpleenroll', { body: '!' })).status, 401)
  const credentials = await createPassword(service, 'devices')
  for (const [body, message] of [
    ['!', /RFC 4648/],
    ['AAAA', /cannot be parsed/],
    [(await clientKey()).csr, /it is PEM/],
    ['A'.repeat(64 * 1024), /cannot be parsed/],
  ] as const) {
    const answer = await estCall(service, 'devices/simpleenroll', { body, credentials })
    assert.equal(answer.status, 400)
    assert.match(answer.text, message)
  }
  const { csr } = await clientKey()
  const headers = {
    'content-type': 'application/PKCS10; charset=x',
    'content-transfer-encoding': 'binary',
  }
  const body = csrBody(csr).replaceAll(/(.{60})/g, '$1\r\n')
  assert.equal(
    (await estCall(service, 'devices/simpleenroll', { body, credentials, headers })).status,
    200,
  )
})

/** Enrolls over a new connection. The CSR contains the text that `link` returns for the connection. */
async function enrollLinked(
  version: 'TLSv1.2' | 'TLSv1.3',
  link: (socket: TLSSocket) => string | undefined,
): Promise<string> {
  const credentials = await createPassword(service, 'devices')
  const { port, host } = new URL(service.enrollUrl)
  const socket = connect({
    port: Number(port),
    host: '127.0.0.1',
    ca: service.enrollRoot,
    minVersion: version,
    maxVersion: version,
  })
  await once(socket, 'secureConnect')
  const password = utf8String(link(socket) ?? '')
  const der = craftRequest({ attributes: [attribute(oids.challengePassword, password)] })
  const body = Buffer.from(der).toString('base64')
  socket.write(
    `POST /.well-known/est/devices/simpleenroll HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n` +
      `Authorization: ${basic(credentials)}\r\nContent-Type: application/pkcs10\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const exporter = (socket: TLSSocket): string =>
  socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)).toString('base64')

test('a CSR that is linked to its TLS connection is accepted only there', async () => {
  const unique = (socket: TLSSocket): string | undefined => socket.getFinished()?.toString('base64')
  assert.match(await enrollLinked('TLSv1.2', unique), /^HTTP\/1.1 200 /)
  assert.match(await enrollLinked('TLSv1.3', exporter), /^HTTP\/1.1 200 /)
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    assert.match(
      await enrollLinked(version, () => 'AAAA'),
      /^HTTP\/1.1 400 [^]*does not match the TLS connection/,
    )
    const other = connect({
      port: Number(new URL(service.enrollUrl).port),
      host: '127.0.0.1',
      ca: service.enrollRoot,
      minVersion: version,
      maxVersion: version,
    })
    await once(other, 'secureConnect')
    const stolen = version === 'TLSv1.2' ? unique(other) : exporter(other)
    assert.match(await enrollLinked(version, () => stolen), /^HTTP\/1.1 400 /)
    other.destroy()
  }
})

test('requests from an address that failed too often are refused, except with known credentials', async (t) => {
  const limited = await TestService.start({ enrollListen: '127.0.0.1:0', authFailures: '3' })
  t.after(() => limited.close())
  const { arn } = await createRoot(limited)
  await createEndpoint(limited, 'devices', { ca: arn })
  const known = await enrolled(limited, 'devices')
  const fresh = await createPassword(limited, 'devices')
  const renew = async () =>
    (await estCall(limited, 'devices/simplereenroll', { csr: known.csr, client: known })).status
  assert.equal(await renew(), 200)
  const attempt = async (credentials?: string) =>
    (await estCall(limited, 'devices/simpleenroll', { csr: known.csr, credentials })).status
  // A client that requests the challenge does not fail.
  for (let count = 0; count < 5; count += 1) assert.equal(await attempt(), 401)
  for (let count = 0; count < 3; count += 1) assert.equal(await attempt('user:wrong'), 401)
  assert.equal(await attempt('user:wrong'), 429)
  assert.equal(await attempt(fresh), 429)
  assert.equal(await renew(), 200)
  limited.clock.advance({ seconds: 60 })
  assert.equal(await attempt(fresh), 200)
})

test('mutated requests never fail unexpectedly, and never get a certificate for a mutated CSR', async () => {
  const random = service.random
  const credentials = await createPassword(service, 'devices')
  const der = Buffer.from(csrBody((await clientKey()).csr), 'base64')
  const authorization = basic(credentials)
  for (let round = 0; round < 120; round += 1) {
    const [kind = 0, at = 0, byte = 0, cut = 0] = random.bytes(4)
    const mutated = Buffer.from(der)
    const position = Math.floor((at / 256) * mutated.length)
    mutated[position] = (mutated[position] ?? 0) ^ (byte || 1)
    const whole = mutated.toString('base64')
    const body = kind % 3 === 0 ? whole.slice(0, cut) : whole
    const header =
      kind % 5 === 0 ? `${authorization.slice(0, cut % authorization.length)}\u00ff` : authorization
    const answer = await estCall(service, 'devices/simpleenroll', {
      body,
      headers: { authorization: header },
    })
    assert.ok([400, 401].includes(answer.status), `${answer.status} ${answer.text} for ${body}`)
  }
})
