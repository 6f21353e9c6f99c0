import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig, type Flags } from './config.ts'

const files = { tlsCert: 'cert.pem', tlsKey: 'key.pem' }
const onAll = { enrollListen: '0.0.0.0:8443' }

function enrollmentOf(flags: Flags) {
  const { enrollment } = readConfig(flags, {})
  if (enrollment === undefined) throw new Error('the enrollment listener is off')
  return enrollment
}

function problemsOf(flags: Flags): string[] {
  try {
    readConfig(flags, {})
    return []
  } catch (error) {
    return (error as Error).message.split('\n')
  }
}

test('without --enroll-listen there is no enrollment, and every other flag of it is refused', () => {
  assert.equal(readConfig({}, {}).enrollment, undefined)
  const flags = {
    enrollNames: 'ca.test',
    acmeResolver: '10.0.0.53',
    acmeNetworks: '192.0.2.0/24',
    acmeHttpPort: '8080',
    acmeTlsPort: '8443',
  }
  assert.deepEqual(
    problemsOf(flags),
    ['enroll-names', 'acme-resolver', 'acme-networks', 'acme-http-port', 'acme-tls-port'].map(
      (flag) => `--${flag} requires --enroll-listen`,
    ),
  )
  assert.deepEqual(problemsOf({ ...flags, enrollListen: 'nowhere' }), [
    "--enroll-listen must be HOST:PORT, not 'nowhere'",
  ])
})

test('the enrollment listener has documented defaults', () => {
  assert.deepEqual(enrollmentOf({ enrollListen: '127.0.0.1:8443' }), {
    listen: { host: '127.0.0.1', port: 8443 },
    names: ['127.0.0.1', 'localhost', '::1'],
    validation: { resolver: undefined, networks: [], httpPort: 80, tlsPort: 443 },
  })
  assert.deepEqual(enrollmentOf({ enrollListen: '10.0.0.1:8443' }).names, ['10.0.0.1'])
})

test('on every address the listener needs names, or a certificate with names', () => {
  for (const enrollListen of ['0.0.0.0:8443', '[::]:8443'])
    assert.match(problemsOf({ enrollListen }).join(), /requires --enroll-names with the names/)
  assert.match(problemsOf({ ...onAll, tlsSelf: 'CA' }).join(), /requires --enroll-names/)
  assert.equal(enrollmentOf({ ...onAll, ...files }).names, undefined)
  assert.deepEqual(enrollmentOf({ ...onAll, ...files, enrollNames: 'ca.test' }).names, ['ca.test'])
})

test('names are in their canonical form', () => {
  const enrollNames = 'CA.Example.com, ca.example.com,*.pki.test,10.0.0.1,2001:DB8:0::1'
  assert.deepEqual(enrollmentOf({ ...onAll, enrollNames }).names, [
    'ca.example.com',
    '*.pki.test',
    '10.0.0.1',
    '2001:db8::1',
  ])
  for (const bad of ['', 'ca.test,', 'https://ca.test', 'ca.test:8443', 'ca test'])
    assert.match(problemsOf({ ...onAll, enrollNames: bad }).join(), /--enroll-names must be/)
  for (const bad of ['0.0.0.0', 'ca.test,::'])
    assert.match(problemsOf({ ...onAll, enrollNames: bad }).join(), /that clients connect to/)
})

test('a --tls-self certificate also has the names of the enrollment listener', () => {
  const flags = { enrollListen: '127.0.0.1:8443', tlsSelf: 'CA', tlsNames: 'api.test' }
  const { tls } = readConfig({ ...flags, enrollNames: 'ca.test,api.test' }, {})
  assert.deepEqual(tls.kind === 'self' && tls.names, ['api.test', 'ca.test'])
})

test('listeners cannot have the same address', () => {
  assert.deepEqual(problemsOf({ enrollListen: '127.0.0.1:8080' }), [
    '--listen and --enroll-listen must not be the same',
  ])
})

const on = { enrollListen: '127.0.0.1:8443' }

test('DNS servers are addresses with the port 53 by default', () => {
  const acmeResolver =
    '10.0.0.53, 10.0.0.54:5353,2001:DB8::53,[2001:db8::54],[::1]:5353,10.0.0.53:53'
  assert.deepEqual(enrollmentOf({ ...on, acmeResolver }).validation.resolver, [
    '10.0.0.53:53',
    '10.0.0.54:5353',
    '[2001:db8::53]:53',
    '[2001:db8::54]:53',
    '[::1]:5353',
  ])
  for (const bad of [
    '',
    'dns.test',
    '10.0.0.53:0',
    '10.0.0.53:65536',
    '10.0.0.53:',
    '10.0.0.300',
    '[10.0.0.53]x',
    '[::1',
    'fe80::1%eth0',
    '10.0.0.53,',
    Array(101).fill('10.0.0.53').join(','),
  ])
    assert.match(
      problemsOf({ ...on, acmeResolver: bad }).join(),
      /^--acme-resolver must be up to 100 IP addresses of DNS servers/,
      bad,
    )
})

test('networks are in CIDR notation', () => {
  const acmeNetworks = '192.0.2.0/24, 2001:DB8::/32,198.51.100.7,0.0.0.0/0'
  assert.deepEqual(enrollmentOf({ ...on, acmeNetworks }).validation.networks, [
    '192.0.2.0/24',
    '2001:db8::/32',
    '198.51.100.7/32',
    '0.0.0.0/0',
  ])
  for (const bad of ['', '10.0.0.0/33', '2001:db8::/129', '10/8', '10.0.0.0/', 'corp.test/8', '/8'])
    assert.match(
      problemsOf({ ...on, acmeNetworks: bad }).join(),
      /^--acme-networks must be up to 100 networks in CIDR notation/,
      bad,
    )
  for (const [text, intended] of [
    ['192.0.2.0/24,10.1.2.3/8', '10.0.0.0/8'],
    ['2001:db8:0:1::/32', '2001:db8::/32'],
  ] as const)
    assert.deepEqual(problemsOf({ ...on, acmeNetworks: text }), [
      `--acme-networks must contain ${intended}, whose bits beyond the prefix length are zero, not '${text}'`,
    ])
})

test('validation ports are from 1 to 65535', () => {
  const { validation } = enrollmentOf({ ...on, acmeHttpPort: '8080', acmeTlsPort: '8443' })
  assert.deepEqual([validation.httpPort, validation.tlsPort], [8080, 8443])
  for (const bad of ['0', '65536', '-1', 'http', ''])
    assert.deepEqual(problemsOf({ ...on, acmeHttpPort: bad, acmeTlsPort: bad }), [
      `--acme-http-port must be a whole number from 1 to 65535, not '${bad}'`,
      `--acme-tls-port must be a whole number from 1 to 65535, not '${bad}'`,
    ])
})
