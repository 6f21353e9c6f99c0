/** Tests of valid CustomCname values, and of recognizing requests for URLs below a CustomCname. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { cnameUrl, parseCname, pastCnames, pathBelow } from './custom-cname.ts'

test('a host name with optional port and path is parsed, and trailing slashes are ignored', () => {
  const cases = {
    'crl.example.com': { host: 'crl.example.com', path: '' },
    'CRL.Example.COM': { host: 'crl.example.com', path: '' },
    'crl.example.com.': { host: 'crl.example.com', path: '' },
    'crl.example.com/': { host: 'crl.example.com', path: '' },
    'crl.example.com///': { host: 'crl.example.com', path: '' },
    'localhost:8081': { host: 'localhost', path: '' },
    '192.0.2.1:80/a/B': { host: '192.0.2.1', path: 'a/B' },
    '_crl.x-y.example/a;b=c@d/': { host: '_crl.x-y.example', path: 'a;b=c@d' },
  }
  for (const [value, expected] of Object.entries(cases))
    assert.deepEqual(parseCname(value), expected, value)
})

test('an invalid host name, a query, an escape, and empty or relative segments are refused', () => {
  const bad = ['', '/', '//', 'a//b', 'a/./b', 'a/..', 'a?b', 'a/b?c', 'a%20b', 'a/%2e%2e', 'a b']
  const hosts = [
    '-a',
    'a-',
    'a..b',
    '.a',
    'a:',
    'a:x',
    'a:123456',
    'u@h',
    '0',
    '1.2.3',
    'a.1',
    '256.0.0.1',
    'a:65536',
    '*.a',
    `${'a'.repeat(64)}.b`,
  ]
  const long = `${'a.'.repeat(127)}aa`
  for (const value of [...bad, ...hosts, long, 'http://a', 'a/http://b'])
    assert.equal(parseCname(value), undefined, value)
})

test('a URL never ends with a slash, so that no path below it starts with two slashes', () => {
  for (const value of ['a', 'a/', 'a//']) assert.equal(cnameUrl(value), 'http://a')
  assert.equal(cnameUrl('a/b/'), 'http://a/b')
  for (const value of ['', '/', undefined]) assert.equal(cnameUrl(value), undefined)
})

const label = fc.stringMatching(/^[a-z0-9]{1,8}$/)
const host = fc
  .array(label, { minLength: 1, maxLength: 4 })
  .map((labels) => `${labels.join('.')}.x`)
const segments = fc.array(fc.stringMatching(/^[A-Za-z0-9_~-]{1,8}$/), { maxLength: 3 })

test('every URL is recognized as below its CustomCname, whatever the case and port of the host', () => {
  const port = fc.option(fc.integer({ min: 0, max: 65_535 }))
  const cname = fc.tuple(host, port, segments, fc.constantFrom('', '/', '//'))
  fc.assert(
    fc.property(cname, fc.stringMatching(/^[a-z]{1,8}$/), fc.boolean(), (parts, key, upper) => {
      const [name, number, path, slashes] = parts
      const value = `${[name + (number === null ? '' : `:${number}`), ...path].join('/')}${slashes}`
      const parsed = parseCname(value)
      assert.ok(parsed, value)
      const url = new URL(`${cnameUrl(value)}/${key}`)
      const request = { host: upper ? url.host.toUpperCase() : url.host, path: url.pathname }
      assert.equal(pathBelow(parsed, request), key)
      assert.equal(
        pathBelow(parsed, { ...request, host: `${request.host}.` }),
        number === null ? key : undefined,
      )
      assert.equal(pathBelow(parsed, { ...request, host: `x${request.host}` }), undefined)
    }),
    { seed: 15, numRuns: 300 },
  )
})

test('requests for other hosts and paths are not recognized as below a CustomCname', () => {
  const cname = parseCname('pki.example.com/a')
  assert.ok(cname)
  for (const path of ['/a', '/ab/x', '/A/x', '/', 'a/x', '/b/a/x'])
    assert.equal(pathBelow(cname, { host: 'pki.example.com', path }), undefined, path)
  const path = '/a/x'
  for (const other of [
    '',
    'example.com',
    'pki.example.com.x',
    'pki.example.com:x',
    'a'.repeat(5000),
  ])
    assert.equal(pathBelow(cname, { host: other, path }), undefined, other)
  assert.equal(pathBelow(cname, { host: 'PKI.example.com:8081', path }), 'x')
})

test('former values are kept, newest first, without the current value, up to a limit', () => {
  assert.deepEqual(pastCnames([], undefined, 'a'), [])
  assert.deepEqual(pastCnames([], '', 'a'), [])
  assert.deepEqual(pastCnames([], 'a', 'a'), [])
  assert.deepEqual(pastCnames(['c'], 'a', 'b'), ['a', 'c'])
  assert.deepEqual(pastCnames(['b', 'c'], 'a', 'b'), ['a', 'c'])
  assert.deepEqual(pastCnames(['b'], 'a', undefined), ['a', 'b'])
  let past: readonly string[] = []
  for (let at = 0; at < 100; at += 1) past = pastCnames(past, `h${at}`, undefined)
  assert.equal(past.length, 32)
  assert.equal(past[0], 'h99')
})
