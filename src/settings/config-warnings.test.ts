/** Tests of the warnings about settings that are valid but most likely wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configWarnings } from './config-warnings.ts'
import { readConfig } from './config.ts'

const warningsOf = (flags: Record<string, string>): readonly string[] =>
  configWarnings(readConfig({ data: 'x', ...flags }, {}))

test('a public listener on all addresses without a public URL causes a warning', () => {
  for (const publicListen of [
    '0.0.0.0:8081',
    '[::]:8081',
    '[0:0::0]:0',
    '[::ffff:0.0.0.0]:1',
    '0:8081',
  ]) {
    const found = warningsOf({ publicListen })
    assert.equal(found.length, 1, publicListen)
    assert.match(found[0] ?? '', /--public-url/)
    assert.deepEqual(warningsOf({ publicListen, publicUrl: 'http://pki.example.com' }), [])
  }
})

test('a public listener on one address, including a loopback address, causes no warning', () => {
  for (const publicListen of [
    '127.0.0.1:8081',
    '[::1]:8081',
    'localhost:1',
    '192.0.2.1:8081',
    'pki:1',
  ])
    assert.deepEqual(warningsOf({ publicListen }), [])
  assert.deepEqual(warningsOf({}), [])
})

test('a public URL with an unspecified address causes a warning', () => {
  for (const publicUrl of ['http://0.0.0.0:8081', 'http://[::]/x', 'http://0/'])
    assert.match(warningsOf({ publicUrl })[0] ?? '', /^--public-url .* no client can connect/)
})

test('an enrollment listener that other machines reach only under loopback names causes a warning', () => {
  const enrollListen = '0.0.0.0:8443'
  const found = warningsOf({ enrollListen, enrollNames: 'localhost,127.0.0.1' })
  assert.match(
    found.join(),
    /^--enroll-names localhost,127\.0\.0\.1 has only names of this machine/,
  )
  assert.deepEqual(warningsOf({ enrollListen, enrollNames: 'localhost,ca.test' }), [])
  assert.deepEqual(warningsOf({ enrollListen: '127.0.0.1:8443' }), [])
  assert.deepEqual(warningsOf({ enrollListen, tlsCert: 'cert.pem', tlsKey: 'key.pem' }), [])
})
