import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KmsError, toKmsError } from './kms-error.ts'

function failure(name: string, message: string, rest: object = {}): Error {
  return Object.assign(new Error(message), { name, ...rest })
}

test('errors of the SDK are classified by name, status and code', () => {
  for (const [error, problem] of [
    [failure('ThrottlingException', 'Rate exceeded'), 'transient'],
    [failure('KMSInternalException', ''), 'transient'],
    [failure('Unknown', '', { $metadata: { httpStatusCode: 503 } }), 'transient'],
    [failure('Unknown', '', { $metadata: { httpStatusCode: 429 } }), 'transient'],
    [failure('Unknown', '', { $metadata: { httpStatusCode: 400 } }), 'other'],
    [failure('Error', 'connect', { code: 'ECONNREFUSED' }), 'transient'],
    [failure('Error', 'certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'other'],
    [failure('NotFoundException', ''), 'not-found'],
    [failure('AlreadyExistsException', ''), 'exists'],
    [failure('DisabledException', ''), 'state'],
    [failure('KMSInvalidStateException', ''), 'state'],
    [failure('AccessDeniedException', ''), 'denied'],
    [failure('CredentialsProviderError', ''), 'denied'],
    [failure('LimitExceededException', ''), 'other'],
    [failure('constructor', ''), 'other'],
  ] as const)
    assert.equal(toKmsError(error).problem, problem, error.name)
})

test('messages are short, on one line, and without credentials', () => {
  const long = toKmsError(failure('A', `two\r\nlines ${'x'.repeat(1000)}`))
  assert.match(long.message, /^A: two lines x+$/)
  assert.equal(long.message.length, 500)
  assert.equal(toKmsError(failure('A', 'at http://u:p@kms')).message, 'A: at http://kms')
  const signature = failure('InvalidSignatureException', 'x-amz-security-token:SECRET')
  assert.doesNotMatch(toKmsError(signature).message, /SECRET/)
})

test('a KmsError stays, and has no cause', () => {
  const error = new KmsError('other', 'x')
  assert.equal(toKmsError(error), error)
  assert.equal(toKmsError(failure('A', 'b', { $response: { headers: {} } })).cause, undefined)
})
