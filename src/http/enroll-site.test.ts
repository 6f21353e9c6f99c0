import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEnrollSite } from './enroll-site.ts'
import { parseHead } from './request.ts'

const names = ['ca.example.com', '*.pki.example.com', '10.0.0.1', '2001:db8::1', '127.0.0.1']
const site = createEnrollSite(() => names)

function originOf(host: string | undefined, { url = '/', more = [] as string[] } = {}) {
  const rawHeaders = [...(host === undefined ? [] : ['Host', host]), ...more]
  return site.originOf(parseHead({ method: 'GET', url, rawHeaders }, ''))
}

test('the origin has the host and the port of the Host header, in the canonical form', () => {
  for (const [host, origin] of [
    ['ca.example.com', 'https://ca.example.com'],
    ['CA.Example.Com:8443', 'https://ca.example.com:8443'],
    ['ca.example.com:443', 'https://ca.example.com'],
    ['ca.example.com:00443', 'https://ca.example.com'],
    ['ca.example.com:65535', 'https://ca.example.com:65535'],
    ['a.pki.example.com', 'https://a.pki.example.com'],
    ['10.0.0.1:8443', 'https://10.0.0.1:8443'],
    ['[2001:DB8:0:0::1]:8443', 'https://[2001:db8::1]:8443'],
    ['[2001:db8::1]', 'https://[2001:db8::1]'],
  ] as const)
    assert.equal(originOf(host), origin, host)
})

test('a host that is not a name of the listener has no origin', () => {
  for (const host of [
    undefined,
    '',
    'example.com',
    'ca.example.com.',
    'ca.example.com.attacker.test',
    'x.ca.example.com',
    'a.b.pki.example.com',
    'pki.example.com',
    '*.pki.example.com',
    'ca.example.com:0',
    'ca.example.com:65536',
    'ca.example.com:',
    'ca.example.com:8443:8443',
    'ca.example.com:-1',
    'ca.example.com/',
    'user@ca.example.com',
    'ca.example.com, ca.example.com',
    ' ca.example.com',
    '10.0.0.2',
    '[10.0.0.1]',
    '010.0.0.1',
    '2001:db8::1',
    '[2001:db8::1%eth0]',
    '[2001:db8::2]',
    '[ca.example.com]',
    'x'.repeat(10_000),
    'ca.exämple.com',
  ])
    assert.equal(originOf(host), undefined, host)
})

test('a host in the request target replaces the Host header', () => {
  const url = 'https://ca.example.com:8443/acme/web/directory'
  assert.equal(originOf('other.test', { url }), 'https://ca.example.com:8443')
  assert.equal(originOf('ca.example.com', { url: 'https://other.test/' }), undefined)
  assert.equal(originOf('ca.example.com', { url: 'https://user@ca.example.com/' }), undefined)
})

test('a request with two Host headers has no origin', () => {
  assert.equal(originOf('ca.example.com', { more: ['host', 'ca.example.com'] }), undefined)
})

test('a new certificate can change the names', () => {
  let current = ['old.test']
  const changing = createEnrollSite(() => current)
  const head = parseHead({ method: 'GET', url: '/', rawHeaders: ['Host', 'new.test'] }, '')
  assert.equal(changing.originOf(head), undefined)
  current = ['new.test']
  assert.deepEqual([changing.originOf(head), changing.names], ['https://new.test', ['new.test']])
})
