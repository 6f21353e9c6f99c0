import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exceptions, WaiterError, type ErrorResponse } from './errors.ts'
import { createWaiter, type Poll, type WaiterName } from './waiters.ts'

const arn = { CertificateAuthorityArn: 'ca', CertificateArn: 'certificate' }

function refusal(Code: string, Message = 'no'): Error {
  const response: ErrorResponse = {
    Error: { Code, Message },
    ResponseMetadata: { RequestId: 'id', HTTPStatusCode: 400, HTTPHeaders: {}, RetryAttempts: 0 },
  }
  return new (exceptions.fromCode(Code))(response, 'GetCertificate')
}

/** Returns the given responses in order, then repeats the last response, and counts the calls. */
function polling(...answers: (object | Error)[]): {
  readonly poll: Poll
  readonly count: () => number
} {
  let calls = 0
  return {
    count: () => calls,
    poll: () => {
      const answer = answers[Math.min(calls, answers.length - 1)] ?? {}
      calls += 1
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
  }
}

const inProgress = refusal('RequestInProgressException')

test('a waiter polls while the request is in progress, and resolves to the last response', async () => {
  const { poll, count } = polling(inProgress, inProgress, { Certificate: 'PEM' })
  const output = await createWaiter('certificateIssued', poll).wait({
    ...arn,
    WaiterConfig: { Delay: 0.001 },
  })
  assert.equal(output.Certificate, 'PEM')
  assert.equal(count(), 3)
})

test('the error after MaxAttempts has the last response', async () => {
  const { poll, count } = polling(inProgress)
  const WaiterConfig = { Delay: 0, MaxAttempts: 4 }
  await assert.rejects(
    createWaiter('certificateIssued', poll).wait({ ...arn, WaiterConfig }),
    (error) =>
      error instanceof WaiterError &&
      error.reason ===
        'Max attempts exceeded. Previously accepted state: Matched expected service error code: RequestInProgressException' &&
      (error.lastResponse as ErrorResponse).Error.Code === 'RequestInProgressException',
  )
  assert.equal(count(), 4)
})

test('a final state ends the polling immediately', async () => {
  const { poll, count } = polling(
    { AuditReportStatus: 'CREATING' },
    { AuditReportStatus: 'FAILED' },
  )
  await assert.rejects(
    createWaiter('auditReportCreated', poll).wait({
      CertificateAuthorityArn: 'ca',
      AuditReportId: 'id',
      WaiterConfig: { Delay: 0 },
    }),
    {
      name: 'WaiterError',
      reason:
        'Waiter encountered a terminal failure state: For expression "AuditReportStatus" we matched expected path: "FAILED"',
      lastResponse: { AuditReportStatus: 'FAILED' },
    },
  )
  assert.equal(count(), 2)
})

test('an unexpected error of the service ends the polling, and any other error is thrown unchanged', async () => {
  const throttled = polling(refusal('ThrottlingException', 'Rate exceeded'))
  await assert.rejects(createWaiter('certificateIssued', throttled.poll).wait(arn), {
    name: 'WaiterError',
    reason: 'An error occurred (ThrottlingException): Rate exceeded',
  })
  const broken = new Error('no connection')
  await assert.rejects(createWaiter('certificateIssued', polling(broken).poll).wait(arn), broken)
})

test('an abort ends the polling between two attempts', async () => {
  const { poll, count } = polling(inProgress)
  const waiting = createWaiter('certificateIssued', poll).wait(arn, {
    abortSignal: AbortSignal.timeout(20),
  })
  await assert.rejects(waiting, { name: 'AbortError' })
  assert.equal(count(), 1)
})

test('unknown names and invalid numbers are refused', async () => {
  const { poll, count } = polling({})
  assert.throws(() => createWaiter('certificateRevoked' as WaiterName, poll), {
    name: 'TypeError',
    message: 'Waiter does not exist: certificateRevoked',
  })
  for (const WaiterConfig of [{ Delay: -1 }, { MaxAttempts: 0 }])
    await assert.rejects(createWaiter('certificateIssued', poll).wait({ ...arn, WaiterConfig }), {
      name: 'RangeError',
    })
  assert.equal(count(), 0)
})
