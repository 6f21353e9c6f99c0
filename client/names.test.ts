/** Tests of valid names in a certificate, and of the problems reported for invalid names. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { nameProblemText, readName, serverUrlProblem } from './names.ts'

const label = (length: number): string => 'a'.repeat(length)
/** A DNS name of the maximum length: 253 bytes. */
const longest = [63, 63, 63, 61].map(label).join('.')

test('every kind of name is parsed', () => {
  for (const [name, expected] of [
    ['localhost', { DnsName: 'localhost' }],
    ['Host-1.Example.COM', { DnsName: 'host-1.example.com' }],
    ['*.example.com', { DnsName: '*.example.com' }],
    ['_acme-challenge.example.com', { DnsName: '_acme-challenge.example.com' }],
    ['a_b.example.com', { DnsName: 'a_b.example.com' }],
    ['bücher.example', { DnsName: 'xn--bcher-kva.example' }],
    ['日本語。jp', { DnsName: 'xn--wgv71a119e.jp' }],
    ['xn--bcher-kva.example', { DnsName: 'xn--bcher-kva.example' }],
    [label(63), { DnsName: label(63) }],
    [longest, { DnsName: longest }],
    ['192.0.2.1', { IpAddress: '192.0.2.1' }],
    ['::1', { IpAddress: '::1' }],
    ['a.b@example.com', { Rfc822Name: 'a.b@example.com' }],
    ['a@bücher.example', { Rfc822Name: 'a@xn--bcher-kva.example' }],
    ['spiffe://example.org/ns/web', { UniformResourceIdentifier: 'spiffe://example.org/ns/web' }],
    ['urn:uuid:1', { UniformResourceIdentifier: 'urn:uuid:1' }],
    ['https://example.com/id', { UniformResourceIdentifier: 'https://example.com/id' }],
  ] as const)
    assert.deepEqual(readName(name), expected, name)
})

test('a name that cannot be in a certificate is refused with a suggestion', () => {
  for (const [name, text] of [
    ['https://host/', "is a URL; use 'host'"],
    ['https://Host.Example.com', "is a URL; use 'host.example.com'"],
    ['HTTP://host:8080', "is a URL; use 'host'"],
    ['wss://[2001:db8::1]:443/', "is a URL; use '2001:db8::1'"],
    ['tls://host:8443', "is a URL; use 'host'"],
    ['https://', 'is a URL'],
    ['host.example.com:8443', "is not a DNS name: it has a port; use 'host.example.com'"],
    ['host.example.com/path', "is not a DNS name: it has a path; use 'host.example.com'"],
    ['host.example.com.', "is not a DNS name: it ends with a dot; use 'host.example.com'"],
    [
      'www.*.example.com',
      'is not a DNS name: an asterisk is only allowed as the entire first label, as in *.example.com',
    ],
    [
      'w*.example.com',
      'is not a DNS name: an asterisk is only allowed as the entire first label, as in *.example.com',
    ],
    [
      '*',
      'is not a DNS name: an asterisk is only allowed as the entire first label, as in *.example.com',
    ],
    ['a..example.com', 'is not a DNS name: it has an empty label'],
    [
      `${label(64)}.example.com`,
      'is not a DNS name: it has a label of 64 bytes; the maximum is 63',
    ],
    [
      `${'ü'.repeat(60)}.example`,
      'is not a DNS name: it has a label of 66 bytes; the maximum is 63',
    ],
    [`a${longest}`, 'is not a DNS name: it has a label of 64 bytes; the maximum is 63'],
    [`${longest}.a`, 'is not a DNS name: it has 255 bytes; the maximum is 253'],
    [`*.${longest}`, 'is not a DNS name: it has 255 bytes; the maximum is 253'],
    ['-a.example.com', 'is not a DNS name: it has a label that begins or ends with a hyphen'],
    ['a-.example.com', 'is not a DNS name: it has a label that begins or ends with a hyphen'],
    ['', 'is not a DNS name, IP address, email address or URI'],
    ['two words', 'is not a DNS name, IP address, email address or URI'],
    ['a%62.example.com', 'is not a DNS name, IP address, email address or URI'],
    ['a\tb.example.com', 'is not a DNS name, IP address, email address or URI'],
    ['1.2.3', 'is not a DNS name, IP address, email address or URI'],
    ['@example.com', 'is not an email address'],
    ['a@*.example.com', 'is not an email address'],
    [
      `a@${label(64)}.com`,
      'is not an email address: the part after @ is not a DNS name: it has a label of 64 bytes; the maximum is 63',
    ],
  ] as const) {
    const read = readName(name)
    assert.ok('problem' in read, name)
    assert.equal(nameProblemText(name, read), `'${name}' ${text}`)
  }
})

test('the URL of a server is recognized with every path', () => {
  assert.deepEqual(serverUrlProblem('https://host/a?b'), { problem: 'is a URL', instead: 'host' })
  assert.equal(serverUrlProblem('spiffe://host/a'), undefined)
  assert.equal(serverUrlProblem('host'), undefined)
})

test('every parsed DNS name is valid, and parsing it again does not change it', () => {
  const piece = fc.oneof(
    fc.constantFrom('a', '-', '_', '.', '*', '*.', 'ü', 'ß', '。', '%', ' ', 'xn--', '1', 'A'),
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.nat(130).map(label),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const read = readName(pieces.join(''))
      if (!('DnsName' in read) || read.DnsName === undefined) return
      assert.match(
        read.DnsName,
        /^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/,
      )
      assert.ok(read.DnsName.length <= 253)
      assert.deepEqual(readName(read.DnsName), read)
    }),
    { seed: 15, numRuns: 3000 },
  )
})
