import assert from 'node:assert/strict'
import { generateKeyPairSync, hash } from 'node:crypto'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { createServer, type TlsOptions } from 'node:tls'
import * as fc from 'fast-check'
import {
  alternativeNames,
  craft,
  ip,
  newKeys,
  pemOf,
  text,
  type Crafted,
  type CraftOptions,
} from '../../test/support/crafted-certificates.ts'
import { TestDnsServer } from '../../test/support/dns-server.ts'
import { keyAuthorization, LocalServer, validate } from '../../test/support/validation.ts'
import { formatIpAddress } from '../text/ip-address.ts'
import type { GeneralName } from '../x509/names/general-name.ts'
import { encodeElement } from '../x509/der/writer.ts'
import { oids } from '../x509/der/oid.ts'
import { tags } from '../x509/der/reader.ts'
import type { Extension } from '../x509/extensions/extensions.ts'
import { certificateFault } from './challenge-certificate.ts'
import { serverNameOf } from './tls-alpn-01.ts'

const digest = hash('sha256', keyAuthorization, 'buffer')
const host = 'host.example'
const dnsName = (name: string): GeneralName => text('dNSName', name)

function acmeIdentifier(value: Uint8Array = digest, critical = true): Extension {
  const encoded = encodeElement(tags.octetString, value)
  return { oid: oids.acmeIdentifier, critical, value: encoded }
}

const extensions = [alternativeNames([dnsName(host)]), acmeIdentifier()]

let dns: TestDnsServer
before(async () => {
  dns = await TestDnsServer.start()
})
after(() => dns[Symbol.asyncDispose]())
beforeEach(() => dns.set(host, { A: ['127.0.0.1'] }))

interface Served extends TlsOptions {
  readonly crafted?: Crafted
  readonly craft?: CraftOptions
  readonly value?: string
  readonly identifierType?: 'ip'
  readonly listenOn?: string
}

/**
 * Validates a name against a TLS server. Returns the result of the validation, and the server names that the server received.
 */
async function run({
  crafted,
  craft: options = { extensions },
  value = host,
  identifierType,
  listenOn,
  ...tls
}: Served = {}): Promise<{ result: string; names: string[] }> {
  const served = crafted ?? craft(options)
  const names: string[] = []
  const server = createServer({
    cert: pemOf(served),
    key: served.keys.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    ALPNProtocols: ['acme-tls/1'],
    SNICallback: (name, then) => {
      names.push(name)
      then(null)
    },
    ...tls,
  })
  server.on('tlsClientError', () => {})
  await using local = await LocalServer.start<Server>(server, listenOn)
  const result = await validate({
    type: 'tls-alpn-01',
    value,
    ...(identifierType && { identifierType }),
    resolver: [dns.address],
    tlsPort: local.port,
  })
  return { result, names }
}

/** Returns the reason why the certificate is refused. */
async function fault(options: CraftOptions | Crafted, value?: string): Promise<string> {
  const served = 'certificate' in options ? { crafted: options } : { craft: options }
  const { result } = await run({ ...served, ...(value !== undefined && { value }) })
  const form =
    /^incorrectResponse: The certificate of host\.example \(127\.0\.0\.1\) port \d+ for host\.example (.*)\.$/
  return form.exec(result)?.[1] ?? assert.fail(result)
}

test('a self-signed certificate with the name and the digest is valid with TLS 1.2 and 1.3', async () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
    assert.deepEqual(await run({ minVersion: version, maxVersion: version }), {
      result: 'valid',
      names: [host],
    })
  const upper = [alternativeNames([dnsName('HOST.Example')]), acmeIdentifier()]
  assert.equal((await run({ craft: { extensions: upper } })).result, 'valid')
})

test('an expired certificate is accepted, because RFC 8737 has no rule on its validity', async () => {
  const expired = {
    extensions,
    notBefore: '2020-01-01T00:00:00Z',
    notAfter: '2020-01-02T00:00:00Z',
  }
  assert.equal((await run({ craft: expired })).result, 'valid')
})

test('an address is validated with the name for reverse lookups and an iPAddress', async () => {
  const four = { extensions: [alternativeNames([ip('7f000001')]), acmeIdentifier()] }
  assert.deepEqual(await run({ craft: four, value: '127.0.0.1', identifierType: 'ip' }), {
    result: 'valid',
    names: ['1.0.0.127.in-addr.arpa'],
  })
  const six = { extensions: [alternativeNames([ip(`${'0'.repeat(31)}1`)]), acmeIdentifier()] }
  const found = await run({ craft: six, value: '::1', identifierType: 'ip', listenOn: '::1' })
  assert.deepEqual(found, { result: 'valid', names: [`1.${'0.'.repeat(31)}ip6.arpa`] })
})

test('names for reverse lookups have the form of RFC 1035 and RFC 3596', () => {
  const name = (value: string): string => serverNameOf({ type: 'ip', value })
  assert.equal(name('192.0.2.1'), '1.2.0.192.in-addr.arpa')
  assert.equal(
    name('2001:db8::567:89ab'),
    'b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa',
  )
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const nibbles = name(formatIpAddress(bytes)).split('.').slice(0, 32)
      assert.equal(nibbles.toReversed().join(''), Buffer.from(bytes).toString('hex'))
    }),
    { seed: 8738 },
  )
})

test('the certificate must have exactly the identifier as its subject alternative name', async () => {
  const withNames = (...names: GeneralName[]): CraftOptions => ({
    extensions: [alternativeNames(names), acmeIdentifier()],
  })
  const other = `has a subject alternative name other than the dNSName ${host}`
  assert.equal(await fault(withNames(dnsName('other.example'))), other)
  assert.equal(await fault(withNames(dnsName('*.example'))), other)
  assert.equal(await fault(withNames(ip('7f000001'))), other)
  assert.equal(await fault(withNames(text('rfc822Name', host))), other)
  assert.equal(
    await fault(withNames(dnsName(host), dnsName(host))),
    `has 2 subject alternative names; ${host} must be the only one`,
  )
  assert.equal(
    await fault({ extensions: [acmeIdentifier()] }),
    `has no subject alternative name; it must be ${host}`,
  )
  const { result } = await run({
    craft: withNames(dnsName('127.0.0.1')),
    value: '127.0.0.1',
    identifierType: 'ip',
  })
  assert.match(result, /has a subject alternative name other than the iPAddress 127\.0\.0\.1\.$/)
})

test('the certificate must have a critical acmeIdentifier extension with the digest', async () => {
  const withExtension = (...more: Extension[]): CraftOptions => ({
    extensions: [alternativeNames([dnsName(host)]), ...more],
  })
  assert.equal(await fault(withExtension()), 'has no acmeIdentifier extension (1.3.6.1.5.5.7.1.31)')
  assert.equal(
    await fault(withExtension(acmeIdentifier(digest, false))),
    'has an acmeIdentifier extension that is not critical',
  )
  for (const wrong of [hash('sha256', 'other', 'buffer'), digest.subarray(1), Buffer.alloc(0)])
    assert.equal(
      await fault(withExtension(acmeIdentifier(wrong))),
      'has an acmeIdentifier extension that is not the SHA-256 digest of the key authorization',
    )
  assert.match(
    await fault(withExtension({ oid: oids.acmeIdentifier, critical: true, value: digest })),
    /^cannot be parsed: /,
  )
})

test('the certificate must be self-signed', async () => {
  const issuer = craft()
  assert.equal(
    await fault(craft({ extensions }, issuer)),
    'is not self-signed; its issuer is not its subject',
  )
  const { keys, certificate } = craft({ extensions })
  const { der: subject } = certificate.subject
  assert.equal(
    await fault(
      craft({ extensions, subject, issuer: subject, keys }, { certificate, keys: newKeys() }),
    ),
    'is not self-signed; its signature is invalid',
  )
})

test('any bytes are an invalid certificate, not an internal error', async () => {
  const { certificate } = craft({ extensions })
  const expectation = { identifier: { type: 'dns', value: host }, digest } as const
  assert.equal(await certificateFault(certificate.der, expectation), undefined)
  await fc.assert(
    fc.asyncProperty(
      fc.nat(certificate.der.length - 1),
      fc.integer({ min: 1, max: 255 }),
      async (at, change) => {
        const der = Uint8Array.from(certificate.der)
        der[at] = (der[at] ?? 0) ^ change
        assert.equal(typeof (await certificateFault(der, expectation)), 'string')
      },
    ),
    { seed: 8737, numRuns: 300 },
  )
})

test('a server that does not know the protocol is refused', async () => {
  const { result } = await run({ ALPNProtocols: ['h2'] })
  assert.match(
    result,
    /^tls \(retryable\): TLS handshake with host\.example \(127\.0\.0\.1\) port \d+ failed: tlsv1 alert no application protocol; it must accept the ALPN protocol acme-tls\/1\.$/,
  )
  const without = await run({ ALPNProtocols: [] })
  assert.match(
    without.result,
    /^incorrectResponse: .* did not select the ALPN protocol acme-tls\/1\.$/,
  )
})

test('TLS 1.1 is refused', async () => {
  const { result } = await run({
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  })
  assert.match(result, /^tls \(retryable\): TLS handshake with .* failed: /)
})

test('a server cannot make the process compute in a Diffie-Hellman group of its choice', async () => {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const group = {
    maxVersion: 'TLSv1.2',
    ciphers: 'DHE-RSA-AES128-GCM-SHA256',
    dhparam: 'auto',
  } as const
  const { result } = await run({ craft: { keys, extensions }, ...group })
  assert.match(result, /^tls \(retryable\): .* failed: ssl\/tls alert handshake failure; /)
  const elliptic = { ...group, ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }
  const accepted = await run({ craft: { keys, extensions }, ...elliptic })
  assert.match(accepted.result, /^incorrectResponse: The certificate of .* is not self-signed/)
})

test('a server without TLS, or that closes or delays the handshake, is reported', async () => {
  for (const [handle, expected] of [
    [
      (socket: Socket) => void socket.write('HTTP/1.1 400 secret\r\n\r\n'),
      /failed: \w[\w ]*; it must accept/,
    ],
    [(socket: Socket) => void socket.end(), /failed: the connection was closed; it must accept/],
    [
      (socket: Socket) => void socket.once('data', () => socket.resetAndDestroy()),
      /failed: the connection was closed; it must accept/,
    ],
    [
      () => {},
      /did not finish within 0\.1 seconds; the time ended while performing the TLS handshake/,
    ],
  ] as const) {
    await using raw = await LocalServer.start(createTcpServer(handle))
    const result = await validate({
      type: 'tls-alpn-01',
      value: host,
      resolver: [dns.address],
      tlsPort: raw.port,
      attemptMilliseconds: 100,
    })
    assert.match(result, expected)
    assert.doesNotMatch(result, /secret/)
  }
})

test('an address that is not permitted is refused, and nothing connects to it', async () => {
  await using raw = await LocalServer.start(createTcpServer())
  const result = await validate({
    type: 'tls-alpn-01',
    value: host,
    resolver: [dns.address],
    tlsPort: raw.port,
    networks: ['0.0.0.0/0'],
  })
  assert.match(
    result,
    /^connection: No connection to host\.example: 127\.0\.0\.1: the address is not permitted \(loopback\)/,
  )
  assert.equal(raw.connections, 0)
})
