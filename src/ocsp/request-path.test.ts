/** Tests that OCSP requests are found below any path, and that other paths are not treated as OCSP requests. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { encodeOctetString, encodeSequence } from '../x509/der/writer.ts'
import { indexHeaders } from '../wire/sigv4/request.ts'
import { ocspBelowPath } from './request-path.ts'

const get = (path: string): string | undefined =>
  ocspBelowPath({ method: 'GET', localPath: path, headers: indexHeaders([]) })

const request = fc
  .uint8Array({ minLength: 1, maxLength: 400 })
  .map((octets) => Buffer.from(encodeSequence(encodeOctetString(octets))).toString('base64'))
const segment = fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/)
// Some path segments start like an OCSP request.
const folder = fc.oneof(
  segment,
  segment.map((text) => `M${text}`),
)
const prefix = fc
  .array(folder, { maxLength: 6 })
  .map((parts) => parts.map((part) => `/${part}`).join(''))

test('property: a request is found below any path, escaped or not', () => {
  fc.assert(
    fc.property(prefix, request, fc.boolean(), (before, encoded, escaped) => {
      const path = `${before}/${escaped ? encodeURIComponent(encoded) : encoded}`
      assert.equal(get(path), encoded)
    }),
    { seed: 15, numRuns: 300 },
  )
})

test('property: a text that is not exactly one base64-encoded request is not treated as a request', () => {
  fc.assert(
    fc.property(
      prefix,
      request,
      fc.constantFrom('AAAA', '/x', '.crl', '!'),
      (before, encoded, more) => {
        assert.equal(get(`${before}/${encoded.replaceAll('=', '')}${more}`), undefined)
      },
    ),
    { seed: 15, numRuns: 300 },
  )
  for (const path of [
    '',
    '/',
    '/M',
    '/MA',
    '/MAA%',
    '/bucket/crl/x.crl',
    '/Ma/Mb/Mc',
    '/x%zz/MAA=',
  ])
    assert.equal(get(path), undefined, path)
})

test('a path with thousands of segments that start like a request is rejected', () => {
  assert.equal(get(`${'/M'.repeat(8000)}/MAA=`), undefined)
})

test('a POST with the OCSP media type is a request, at any path', () => {
  const post = (type?: string): string | undefined =>
    ocspBelowPath({
      method: 'POST',
      localPath: '/a/b',
      headers: indexHeaders(type === undefined ? [] : ['Content-Type', type]),
    })
  for (const type of ['application/ocsp-request', 'Application/OCSP-Request; charset=x'])
    assert.equal(post(type), '')
  for (const type of [undefined, '', 'application/ocsp-response', 'text/plain'])
    assert.equal(post(type), undefined)
  assert.equal(
    ocspBelowPath({ method: 'PUT', localPath: '/a', headers: indexHeaders([]) }),
    undefined,
  )
})
