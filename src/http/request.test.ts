import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { originForm, parseHead, withoutPrefix } from './request.ts'

test('a request target in absolute form yields its path, query and host', () => {
  const rows: [target: string, origin: string, host: string | undefined][] = [
    ['/a?b', '/a?b', undefined],
    ['http://h/a?b', '/a?b', 'h'],
    ['HTTPS://h:8443/a', '/a', 'h:8443'],
    ['http://h', '/', 'h'],
    ['http://h?b', '/?b', 'h'],
    ['http://[::1]:80//MF', '//MF', '[::1]:80'],
    ['http://u@h/a#b', '/a', 'u@h'],
    ['*', '*', undefined],
    ['ftp://h/a', 'ftp://h/a', undefined],
    ['', '', undefined],
  ]
  for (const [target, origin, host] of rows)
    assert.deepEqual(originForm(target), { target: origin, host }, target)
})

test('a prefix is removed from a path only if it ends at a segment boundary', () => {
  const rows: [target: string, without: string][] = [
    ['/pki', '/'],
    ['/pki/', '/'],
    ['/pki/ocsp', '/ocsp'],
    ['/pki//MF', '//MF'],
    ['/pki/pki', '/pki'],
    ['/pkiocsp', '/pkiocsp'],
    ['/PKI/ocsp', '/PKI/ocsp'],
    ['/', '/'],
    ['*', '*'],
  ]
  for (const [target, without] of rows) assert.equal(withoutPrefix(target, '/pki'), without, target)
})

test('localPath excludes the prefix, while path and host keep their original values', () => {
  const rawHeaders = ['Host', 'sent', 'X', '1', 'x', '2']
  const head = parseHead({ method: 'GET', url: 'http://named/pki?x=/pki', rawHeaders }, '/pki')
  assert.deepEqual([head.path, head.localPath, head.host], ['/pki', '/', 'named'])
  assert.deepEqual(head.query.parameters, [['x', '/pki']])
  assert.deepEqual(head.headers.get('host'), ['sent'])
  assert.deepEqual(head.headers.get('x'), ['1', '2'])
  assert.equal(parseHead({ method: 'GET', url: '/', rawHeaders }, '').host, 'sent')
})

test('a request target below a prefix has the same local path as the target without the prefix', () => {
  fc.assert(
    fc.property(fc.webPath(), (path) => {
      const target = `/${path.replace(/^\//, '')}`
      assert.equal(withoutPrefix(`/a/b${target}`, '/a/b'), target)
      assert.equal(withoutPrefix(target, ''), target)
      assert.equal(originForm(`http://host${target}`).target, target)
    }),
    { seed: 15 },
  )
})
