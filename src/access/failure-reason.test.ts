/** Reasons for failed authentication. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { invalidSignature, ServiceError, SignatureError } from '../errors.ts'
import { QueryError } from '../wire/query-errors.ts'
import { failureReason, failureReasons } from './failure-reason.ts'

test('every authentication error has a reason', () => {
  for (const [error, reason] of [
    [new ServiceError('MissingAuthenticationTokenException', ''), 'no-signature'],
    [new ServiceError('IncompleteSignatureException', ''), 'malformed-signature'],
    [invalidSignature(''), 'malformed-signature'],
    [new SignatureError('expired-signature', ''), 'expired-signature'],
    [new SignatureError('wrong-scope', ''), 'wrong-scope'],
    [new SignatureError('wrong-signature', ''), 'wrong-signature'],
    [new ServiceError('UnrecognizedClientException', ''), 'unknown-access-key'],
    [new ServiceError('ExpiredTokenException', ''), 'expired-token'],
    [new QueryError('ExpiredTokenException', ''), 'expired-token'],
    [new QueryError('InvalidIdentityToken', ''), 'invalid-identity-token'],
    [new ServiceError('ThrottlingException', ''), 'too-many-failures'],
  ] as const)
    assert.equal(failureReason(error), reason)
})

test('other errors have no authentication failure reason', () => {
  for (const error of [
    new ServiceError('ServiceUnavailable', ''),
    new ServiceError('ValidationException', ''),
    Object.assign(new Error('x'), { code: 'toString' }),
    Object.assign(new Error('x'), { code: 7 }),
    'UnrecognizedClientException',
    undefined,
  ])
    assert.equal(failureReason(error), undefined)
})

test('metrics.md explains every reason', () => {
  const page = readFileSync(new URL('../../docs/reference/metrics.md', import.meta.url), 'utf8')
  const [, section = ''] = page.split('## Reasons for authentication failures')
  const listed = [...section.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name = '']) => name)
  assert.deepEqual(listed.toSorted(), [...failureReasons].toSorted())
})
