/** Tests of decisions that are made before the content of the certificate is known. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decide, type Decision } from './evaluation.ts'
import { parsePolicy } from './policy-document.ts'
import { refusedContent } from './refused-content.ts'

const contentKeys = ['signet:dnsname', 'signet:commonname', 'signet:validitydays']
const otherKeys = ['aws:username', 'acm-pca:templatearn']
const values = ['a', 'b', '30', '90']

const operator = fc.constantFrom(
  'StringEquals',
  'StringNotEquals',
  'StringLike',
  'ForAllValues:StringEquals',
  'ForAnyValue:StringNotLike',
  'StringEqualsIfExists',
  'NumericLessThanEqualsIfExists',
)
const block = fc.dictionary(
  fc.constantFrom(...contentKeys, ...otherKeys),
  fc.constantFrom('30', '90'),
  { maxKeys: 2 },
)
const condition = fc
  .dictionary(operator, block, { maxKeys: 2 })
  .map((blocks) =>
    Object.fromEntries(
      Object.entries(blocks).map(([name, keys]) => [
        name,
        name.startsWith('String') || name.startsWith('For')
          ? Object.fromEntries(
              Object.keys(keys).map((key, at) => [key, [values[at], '${aws:username}']]),
            )
          : keys,
      ]),
    ),
  )
const statement = fc.record({
  Effect: fc.constantFrom('Allow', 'Deny'),
  Action: fc.constantFrom('*', 'acm-pca:IssueCertificate', 'acm-pca:GetCertificate'),
  Resource: fc.constantFrom(
    '*',
    'arn:aws:acm-pca:*:*:*/${signet:CommonName}',
    'arn:aws:acm-pca:*:*:*/b',
  ),
  Condition: condition,
})
const keys = fc.dictionary(
  fc.constantFrom(...contentKeys, ...otherKeys),
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 }),
)

type Keys = Readonly<Record<string, readonly string[]>>

function requestOf(of: Keys, isContentPending: boolean) {
  return {
    action: 'acm-pca:IssueCertificate',
    resource: 'arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/b',
    principal: { accountId: '123456789012', names: ['arn:aws:iam::123456789012:user/a'] },
    keys: new Map(
      Object.entries(of).filter(([key]) => !isContentPending || !contentKeys.includes(key)),
    ),
    isContentPending,
  }
}

function policyOf(Statement: readonly object[]) {
  const policy = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement }))
  assert.deepEqual(policy.problems, [])
  return policy
}

test('a request that its content would allow is not denied before the content is known', () => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(fc.array(statement, { minLength: 1, maxLength: 4 }), keys, (statements, of) => {
      const policy = policyOf(statements)
      const pending: Decision = decide(policy, requestOf(of, true))
      const known: Decision = decide(policy, requestOf(of, false))
      if (known === 'allowed') assert.equal(pending, 'allowed')
      if (!policy.asksForContent) assert.equal(pending, known)
      const pair = `${pending} ${known}`
      seen.set(pair, (seen.get(pair) ?? 0) + 1)
    }),
    { numRuns: 3000, seed: 20_261_130 },
  )
  // The random statements must produce each pair of decisions in the list.
  for (const pair of ['allowed allowed', 'allowed denied', 'allowed not-allowed', 'denied denied'])
    assert.ok((seen.get(pair) ?? 0) > 20, `${pair}: ${seen.get(pair)}`)
})

test('the content that is named as refused is part of the certificate, and only a denied request has one', () => {
  fc.assert(
    fc.property(fc.array(statement, { minLength: 1, maxLength: 4 }), keys, (statements, of) => {
      const policy = policyOf(statements)
      const request = requestOf(of, false)
      if (decide(policy, request) === 'allowed') return
      const refused = refusedContent([policy], request)
      if (refused === undefined) return
      assert.ok(contentKeys.includes(refused.key))
      const actual = of[refused.key]
      if (refused.value === undefined) assert.equal(actual, undefined)
      else assert.ok(actual?.includes(refused.value))
    }),
    { numRuns: 2000, seed: 20_261_130 },
  )
})
