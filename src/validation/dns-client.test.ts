import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { TestDnsServer } from '../../test/support/dns-server.ts'
import { createDnsClient, type DnsClient } from './dns-client.ts'
import { ValidationError } from './problem.ts'

let server: TestDnsServer
before(async () => {
  server = await TestDnsServer.start()
})
after(() => server[Symbol.asyncDispose]())

function client({
  servers = [server.address],
  signal = new AbortController().signal,
}: { servers?: readonly string[]; signal?: AbortSignal } = {}): DnsClient {
  return createDnsClient({ servers, queryMilliseconds: 50, signal })
}

/** Returns the type and detail of a lookup's error, and whether it is retryable. */
async function failure(lookup: Promise<unknown>): Promise<string> {
  const error: unknown = await lookup.then(
    () => assert.fail('the lookup succeeded'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof ValidationError, String(error))
  return `${error.type}${error.isRetryable ? ' (retryable)' : ''}: ${error.message}`
}

test('the addresses of a name start with an IPv6 address, and both families alternate', async () => {
  server.set('both.example', { A: ['10.0.0.1', '10.0.0.2'], AAAA: ['fd00::1'] })
  assert.deepEqual(await client().addressesOf('both.example'), ['fd00::1', '10.0.0.1', '10.0.0.2'])
  server.set('four.example', { A: ['10.0.0.1'] })
  assert.deepEqual(await client().addressesOf('four.example'), ['10.0.0.1'])
})

test('one failing family does not prevent the use of the other one', async () => {
  server.set('half.example', ({ type }) => (type === 'AAAA' ? 'SERVFAIL' : { A: ['10.0.0.1'] }))
  assert.deepEqual(await client().addressesOf('half.example'), ['10.0.0.1'])
})

test('the strings of a TXT record are concatenated, and records remain separate', async () => {
  server.set('text.example', { TXT: [['ab', 'cd'], 'ef', ''] })
  assert.deepEqual((await client().textsOf('text.example')).toSorted(), ['', 'abcd', 'ef'])
})

test('CNAME records are followed, whether or not the server follows them', async () => {
  await using authoritative = await TestDnsServer.start({ followsAliases: false })
  for (const each of [server, authoritative]) {
    each.set('alias.example', { CNAME: 'second.example' })
    each.set('second.example', { CNAME: 'target.example' })
    each.set('target.example', { A: ['10.0.0.1'], TXT: ['text'] })
    const dns = client({ servers: [each.address] })
    assert.deepEqual(await dns.addressesOf('alias.example'), ['10.0.0.1'])
    assert.deepEqual(await dns.textsOf('alias.example'), ['text'])
  }
  authoritative.set('loop.example', { CNAME: 'loop.example' })
  const dns = client({ servers: [authoritative.address] })
  for (const lookup of [dns.addressesOf('loop.example'), dns.textsOf('loop.example')])
    assert.equal(
      await failure(lookup),
      'dns: DNS name loop.example has a chain of more than 8 CNAME records',
    )
})

test('an error tells a missing name, missing records, a failing server and a silent server apart', async () => {
  server.set('empty.example', {})
  server.set('broken.example', 'SERVFAIL')
  server.set('refused.example', 'REFUSED')
  server.set('silent.example', 'silence')
  const dns = client()
  const details = {
    'missing.example': ['DNS name missing.example does not exist (NXDOMAIN)'],
    'empty.example': [
      'DNS name empty.example has no A or AAAA record',
      'DNS name empty.example has no TXT record',
    ],
    'broken.example': [
      'Lookup of the A and AAAA records of broken.example failed: the DNS server answered SERVFAIL; the zone or its DNSSEC signatures may be broken',
      'Lookup of the TXT records of broken.example failed: the DNS server answered SERVFAIL; the zone or its DNSSEC signatures may be broken',
    ],
    'refused.example': [
      'Lookup of the A and AAAA records of refused.example failed: the DNS server answered REFUSED; it must resolve names for this CA',
      'Lookup of the TXT records of refused.example failed: the DNS server answered REFUSED; it must resolve names for this CA',
    ],
    'silent.example': [
      'Lookup of the A and AAAA records of silent.example failed: the DNS servers did not answer',
      'Lookup of the TXT records of silent.example failed: the DNS servers did not answer',
    ],
  }
  const checks = Object.entries(details).map(async ([name, [address = '', text = address]]) => {
    const found = [await failure(dns.addressesOf(name)), await failure(dns.textsOf(name))]
    assert.deepEqual(found, [`dns (retryable): ${address}`, `dns (retryable): ${text}`])
  })
  await Promise.all(checks)
})

test('a name that DNS cannot express is malformed', async () => {
  for (const name of [
    `${'a'.repeat(64)}.example`,
    `_acme-challenge.${'abcdefg.'.repeat(31)}example`,
  ])
    assert.match(await failure(client().textsOf(name)), /^malformed: DNS name /)
})

test('a name with more than 64 TXT records is refused', async () => {
  server.set('many.example', { TXT: Array.from({ length: 64 }, String) })
  assert.equal((await client().textsOf('many.example')).length, 64)
  server.set('many.example', { TXT: Array.from({ length: 65 }, String) })
  assert.equal(
    await failure(client().textsOf('many.example')),
    'dns: DNS name many.example has 65 TXT records; at most 64 are read',
  )
})

test('an aborted signal ends the lookup', async () => {
  server.set('silent.example', 'silence')
  const aborting = new AbortController()
  const lookup = createDnsClient({
    servers: [server.address],
    queryMilliseconds: 60_000,
    signal: aborting.signal,
  }).textsOf('silent.example')
  aborting.abort()
  await assert.rejects(lookup)
})

test('search domains and the local name localhost are not used', async () => {
  const earlier = server.queries.length
  assert.equal(
    await failure(client().addressesOf('single')),
    'dns (retryable): DNS name single does not exist (NXDOMAIN)',
  )
  await failure(client().addressesOf('localhost'))
  const names = new Set(server.queries.slice(earlier).map(({ name }) => name))
  assert.deepEqual([...names], ['single', 'localhost'])
})
