import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError, parseError, parseStsError, toApiError, toSignInError } from './errors.ts'

const response = (status: number, headers: Record<string, string>) => ({
  status,
  headers: new Headers(headers),
})

test('an error of an operation has the code, the message and the request ID', () => {
  const headers = { 'x-amzn-RequestId': 'id-1', 'x-amzn-ErrorType': 'AccessDeniedException' }
  const error = parseError(response(400, headers), '{"Message":"no policy"}', 'GetPolicy')
  assert.equal(error.code, 'AccessDeniedException')
  assert.equal(error.message, 'no policy')
  assert.equal(error.requestId, 'id-1')
  assert.equal(error.isDenied, true)
})

test('a response that is not from the API, such as that of a proxy, is an error with the HTTP status', () => {
  for (const text of ['<html>', '', 'null', '[]']) {
    const error = parseError(response(502, {}), text, 'GetPolicy')
    assert.deepEqual([error.code, error.requestId], ['HTTP 502', undefined])
    assert.notEqual(error.message, '')
  }
})

test('an error of STS is read from XML, and its entities are decoded', () => {
  const xml =
    '<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>a &lt;b&gt; &amp;lt;</Message></Error><RequestId>r</RequestId></ErrorResponse>'
  const error = parseStsError(response(403, {}), xml, 'GetCallerIdentity')
  assert.deepEqual(
    [error.code, error.message, error.requestId],
    ['InvalidClientTokenId', 'a <b> &lt;', 'r'],
  )
  assert.equal(error.isSignedOut, true)
})

test('any thrown value becomes an ApiError', () => {
  const own = new ApiError({ code: 'X', message: 'm' })
  assert.equal(toApiError(own), own)
  assert.equal(toApiError(new TypeError('t')).message, 't')
  assert.equal(toApiError('text').message, 'text')
})

test('the error of a failed sign-in names the access key ID, not only the security token', () => {
  const message = 'The security token included in the request is invalid.'
  const rejected = toSignInError(new ApiError({ code: 'InvalidClientTokenId', message }))
  assert.equal(
    rejected.message,
    `The access key ID is unknown or inactive, or the session has expired. ${message}`,
  )
  assert.equal(rejected.isSignedOut, true)
  const denied = new ApiError({ code: 'AccessDenied', message: 'no' })
  assert.equal(toSignInError(denied), denied)
})
