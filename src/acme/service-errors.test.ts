import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorStatus, ServiceError, type ErrorCode } from '../errors.ts'
import { DatabaseUnavailableError } from '../store/database.ts'
import { AcmeProblem } from './problem.ts'
import { problemOfError } from './service-errors.ts'

test('errors of operations become problems that tell clients what to do', () => {
  for (const [code, type, status, retryAfter] of [
    ['AccessDeniedException', 'unauthorized', 403, undefined],
    ['ConcurrentModificationException', 'serverInternal', 503, '5'],
    ['InvalidArgsException', 'badCSR', 400, undefined],
    ['InvalidRequestException', 'malformed', 400, undefined],
    ['InvalidStateException', 'serverInternal', 503, '600'],
    ['LimitExceededException', 'rateLimited', 429, '600'],
    ['MalformedCSRException', 'badCSR', 400, undefined],
    ['RequestAlreadyProcessedException', 'alreadyRevoked', 400, undefined],
    ['ResourceNotFoundException', 'serverInternal', 503, '600'],
    ['ServiceUnavailable', 'serverInternal', 503, '5'],
    ['ThrottlingException', 'rateLimited', 429, '5'],
    ['ValidationException', 'badCSR', 400, undefined],
  ] as const) {
    const problem = problemOfError(new ServiceError(code, 'the reason'))
    assert.deepEqual(
      [problem.type, problem.status, problem.headers['retry-after']],
      [type, status, retryAfter],
      code,
    )
    assert.match(problem.message, /the reason\.$/)
  }
})

test('a denied name is a rejected identifier', () => {
  const error = new ServiceError('AccessDeniedException', 'denied: signet:DnsName is a.example')
  assert.equal(problemOfError(error).type, 'rejectedIdentifier')
})

test('every other error is serverInternal without details', () => {
  const mapped = Object.keys(errorStatus).map((code) =>
    problemOfError(new ServiceError(code as ErrorCode, 'secret')),
  )
  const internal = mapped.filter(({ status }) => status === 500)
  assert.ok(internal.length > 10)
  for (const { message } of [...internal, problemOfError(new Error('secret')), problemOfError(1)])
    assert.doesNotMatch(message, /secret/)
  assert.equal(problemOfError(new DatabaseUnavailableError('secret')).status, 503)
})

test('a problem stays as it is', () => {
  const problem = new AcmeProblem('badNonce', 'used')
  assert.equal(problemOfError(problem), problem)
})
