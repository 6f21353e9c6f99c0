import assert from 'node:assert/strict'
import { test } from 'node:test'
import { policyOf, sharingStatements } from '../../../test/support/accounts.ts'
import { policyProblem } from './policy-problem.ts'

const arn =
  'arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/11111111-2222-3333-4444-555555555555'

test('the editor accepts what PutPolicy accepts, and otherwise names the statement', () => {
  const [read, issue] = sharingStatements({ arn })
  assert.equal(policyProblem(policyOf(read, issue), arn), undefined)
  assert.match(policyProblem(policyOf(read), arn) ?? '', /must have exactly one statement/)
  assert.match(
    policyProblem(policyOf(read, { ...issue, Effect: 'Deny' }), arn) ?? '',
    /^Statement 2 must have the Effect Allow/,
  )
  assert.match(policyProblem('{"Version": ', arn) ?? '', /JSON/)
})
