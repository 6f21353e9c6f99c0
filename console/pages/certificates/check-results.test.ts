import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RevocationCheck } from '../../api/types.ts'
import { crlResult, isPublished, ocspResult, publicationOf } from './check-results.ts'

const check = (status: string, Crl?: object, Ocsp?: object): RevocationCheck =>
  ({ Api: { Status: status }, ...(Crl && { Crl }), ...(Ocsp && { Ocsp }) }) as RevocationCheck

test('a CRL and OCSP that lag behind a revocation are shown as pending', () => {
  const lagging = check('REVOKED', { Listed: false }, { Status: 'GOOD' })
  assert.deepEqual(crlResult(lagging), { type: 'pending', text: 'Not listed yet' })
  assert.deepEqual(ocspResult(lagging), { type: 'pending', text: 'Not revoked yet' })
  const valid = check('VALID', { Listed: false }, { Status: 'GOOD' })
  assert.deepEqual([crlResult(valid).text, ocspResult(valid).text], ['Not listed', 'Good'])
})

test('a revocation is shown with its reason, and a problem with its text', () => {
  const Reason = 'KEY_COMPROMISE'
  const revoked = check('REVOKED', { Listed: true, Reason }, { Status: 'REVOKED', Reason })
  assert.equal(crlResult(revoked).text, 'Listed: Key compromise')
  assert.equal(ocspResult(revoked).text, 'Revoked: Key compromise')
  const Problem = 'The CRL has not been published yet.'
  assert.deepEqual(crlResult(check('VALID', { Problem })), { type: 'warning', text: Problem })
  const unavailable = check('VALID', undefined, { Status: 'TRY_LATER' })
  assert.deepEqual(ocspResult(unavailable), { type: 'warning', text: 'Try later' })
})

test('a revocation is published if every CRL and responder of the CA shows it', () => {
  const listed = { Url: 'http://x', Listed: true }
  const cases: [RevocationCheck, boolean][] = [
    [check('REVOKED'), true],
    [check('REVOKED', { Listed: false }), true],
    [check('REVOKED', { Url: 'http://x', Listed: false }), false],
    [check('REVOKED', { Url: 'http://x', Problem: 'x' }), false],
    [check('REVOKED', listed), true],
    [check('REVOKED', listed, { Status: 'GOOD' }), false],
    [check('REVOKED', listed, { Status: 'REVOKED' }), true],
  ]
  for (const [input, expected] of cases)
    assert.equal(isPublished(publicationOf(input)), expected, JSON.stringify(input))
})
