import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Caller } from '../authority/caller.ts'
import { ServiceError } from '../errors.ts'
import { authorize, evaluatePolicy } from './authorize.ts'

const authorityId = '11111111-2222-3333-4444-555555555555'
const authorityArn = arnOf({})
const action = 'acm-pca:IssueCertificate'
const allowAll = { Effect: 'Allow', Action: '*', Resource: '*' }

function arnOf({ partition = 'aws', region = 'us-east-1', account = '123456789012' }): string {
  return `arn:${partition}:acm-pca:${region}:${account}:certificate-authority/${authorityId}`
}

function callerWith(...statements: object[]): Caller {
  return {
    partition: 'aws',
    region: 'us-east-1',
    accountId: '123456789012',
    arn: 'arn:aws:iam::123456789012:user/alice',
    accessKeyId: 'AKIDEXAMPLE',
    policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
  }
}

function decide(...statements: object[]): string {
  return evaluatePolicy(callerWith(...statements).policy, { action, resource: authorityArn })
}

test('a policy allows what a statement allows and none denies', () => {
  assert.equal(decide(allowAll), 'allowed')
  assert.equal(decide({ ...allowAll, Action: ['ACM-PCA:issue*'] }), 'allowed')
  assert.equal(decide({ ...allowAll, Action: 'acm-pca:Get*' }), 'not-allowed')
  assert.equal(decide({ ...allowAll, Resource: ['arn:aws:acm-pca:*:*:*'] }), 'allowed')
  assert.equal(decide({ ...allowAll, Resource: authorityArn }), 'allowed')
  assert.equal(
    decide({ ...allowAll, Resource: authorityArn.replace('1111', '2222') }),
    'not-allowed',
  )
  assert.equal(decide({ ...allowAll, Resource: authorityArn.toUpperCase() }), 'not-allowed')
  assert.equal(
    decide(allowAll, { ...allowAll, Effect: 'Deny', Action: 'acm-pca:*Certificate' }),
    'denied',
  )
  assert.equal(decide(allowAll, { ...allowAll, Effect: 'Deny', Action: 'acm-pca:Get*' }), 'allowed')
})

test('a wildcard stays in its part of the ARN', () => {
  const reaching = 'arn:aws:*:*:*:certificate-authority/*'
  assert.equal(decide({ ...allowAll, Resource: reaching }), 'allowed')
  assert.equal(
    decide({ ...allowAll, Resource: 'arn:aws:acm-pca:*:certificate-authority/*' }),
    'not-allowed',
  )
  assert.equal(decide({ ...allowAll, Resource: 'arn:aws:acm-pca:*:*:*:*:x' }), 'not-allowed')
})

test('a statement that is not understood never allows and always denies', () => {
  for (const more of [{ Condition: {} }, { NotAction: 'x' }, { Principal: '*' }, { Novelty: 1 }]) {
    assert.equal(decide({ ...allowAll, ...more }), 'not-allowed')
    const elsewhere = { Effect: 'Deny', Action: 's3:Get', Resource: 'arn:aws:s3:::x', ...more }
    assert.equal(decide(allowAll, elsewhere), 'denied')
  }
})

test('what is no policy allows nothing', () => {
  for (const text of [undefined, '', '{', '[]', '{"Statement":"*"}'])
    assert.equal(evaluatePolicy(text, { action, resource: authorityArn }), 'not-allowed')
})

function refused(
  caller: Caller,
  resourceArn: string | undefined,
  expected: [code: string, message: string],
) {
  assert.throws(
    () => authorize(caller, action, resourceArn),
    (error) => {
      assert.ok(error instanceof ServiceError)
      assert.deepEqual([error.code, error.message], expected)
      return true
    },
  )
}

const user =
  'User: arn:aws:iam::123456789012:user/alice is not authorized to perform: acm-pca:IssueCertificate'

test('an allowed request passes, for a CA and for the account as a whole', () => {
  authorize(callerWith(allowAll), action, authorityArn)
  authorize(callerWith(allowAll), action, undefined)
  authorize(
    callerWith({
      ...allowAll,
      Resource: 'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/*',
    }),
    action,
    undefined,
  )
})

test('a refusal says in the words of AWS who may not do what, and why', () => {
  const nothing = callerWith({ ...allowAll, Action: 's3:*' })
  const because = 'because no identity-based policy allows the acm-pca:IssueCertificate action'
  refused(nothing, authorityArn, [
    'AccessDeniedException',
    `${user} on resource: ${authorityArn} ${because}`,
  ])
  const every = 'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/*'
  refused(nothing, undefined, ['AccessDeniedException', `${user} on resource: ${every} ${because}`])
  refused(callerWith(allowAll, { ...allowAll, Effect: 'Deny' }), authorityArn, [
    'AccessDeniedException',
    `${user} on resource: ${authorityArn} with an explicit deny in an identity-based policy`,
  ])
})

test('the CA of another account is out of reach', () => {
  const other = arnOf({ account: '999999999999' })
  refused(callerWith(allowAll), other, [
    'AccessDeniedException',
    `${user} on resource: ${other} because no resource-based policy allows the acm-pca:IssueCertificate action`,
  ])
})

test('an ARN of another Region or partition, or of another thing, is invalid', () => {
  const caller = callerWith(allowAll)
  for (const arn of [arnOf({ region: 'eu-west-1' }), arnOf({ partition: 'aws-cn' })])
    refused(caller, arn, [
      'InvalidArnException',
      `${arn} is not in the partition aws and the Region us-east-1 of the request.`,
    ])
  for (const arn of ['', 'arn:aws:s3:::bucket', `${authorityArn}/certificate/00`])
    refused(caller, arn, [
      'InvalidArnException',
      `${arn} is not the ARN of a certificate authority.`,
    ])
})
