import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { TestDnsServer } from '../../test/support/dns-server.ts'
import { keyAuthorization, validate } from '../../test/support/validation.ts'

const digest = hash('sha256', keyAuthorization, 'base64url')

let dns: TestDnsServer
before(async () => {
  dns = await TestDnsServer.start()
})
after(() => dns[Symbol.asyncDispose]())

function run(value: string, settings: { readonly identifierType?: 'ip' } = {}): Promise<string> {
  return validate({ type: 'dns-01', value, resolver: [dns.address], ...settings })
}

test('a TXT record with the digest is valid, among other records and in several strings', async () => {
  dns.set('_acme-challenge.one.example', { TXT: [digest] })
  dns.set('_acme-challenge.many.example', { TXT: ['other', digest, ''] })
  dns.set('_acme-challenge.split.example', { TXT: [[digest.slice(0, 20), digest.slice(20)]] })
  for (const name of ['one.example', 'many.example', 'split.example', '*.one.example'])
    assert.equal(await run(name), 'valid', name)
})

test('the TXT record may be in another zone, to which a CNAME record refers', async () => {
  dns.set('_acme-challenge.alias.example', { CNAME: 'alias.acme.example' })
  dns.set('alias.acme.example', { TXT: [digest] })
  assert.equal(await run('alias.example'), 'valid')
})

test('other records are refused, and their texts do not appear in the error', async () => {
  const detail = (found: string): string =>
    `incorrectResponse (retryable): DNS name _acme-challenge.wrong.example has ${found}, but none is ${digest}.`
  dns.set('_acme-challenge.wrong.example', { TXT: [keyAuthorization] })
  assert.equal(await run('wrong.example'), detail('one TXT record'))
  dns.set('_acme-challenge.wrong.example', { TXT: [`${digest} `, digest.toUpperCase()] })
  assert.equal(await run('*.wrong.example'), detail('2 TXT records'))
})

test('a missing record is reported with its name', async () => {
  assert.equal(
    await run('*.missing.example'),
    'dns (retryable): DNS name _acme-challenge.missing.example does not exist (NXDOMAIN).',
  )
})

test('an address cannot be validated with dns-01', async () => {
  assert.equal(
    await run('10.0.0.1', { identifierType: 'ip' }),
    'malformed: The challenge dns-01 cannot validate the address 10.0.0.1; use http-01 or tls-alpn-01.',
  )
})
