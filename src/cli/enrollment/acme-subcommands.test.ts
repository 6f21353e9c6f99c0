import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orderErrorText } from './acme-subcommands.ts'

const problem = (detail: string) => ({
  Type: 'urn:ietf:params:acme:error:dns',
  Detail: `${detail}.`,
})
const challenge = (name: string, detail: string) => ({
  Identifier: { Type: 'dns', Value: name },
  Type: 'http-01',
  Error: problem(detail),
})

test('the error of an ACME order is not repeated if it is the error of a failed challenge', () => {
  const [a, b] = ['DNS name a.example does not exist', 'DNS name b.example does not exist']
  const failures = [challenge('a.example', a)]
  assert.equal(
    orderErrorText({ Error: problem(a), FailedChallenges: failures }),
    `a.example http-01: ${a}`,
  )
  assert.equal(
    orderErrorText({
      Error: problem(a),
      FailedChallenges: [...failures, challenge('b.example', b)],
    }),
    `a.example http-01: ${a}; b.example http-01: ${b}`,
  )
  const other = { Error: problem('The CA is disabled'), FailedChallenges: failures }
  assert.equal(orderErrorText(other), `The CA is disabled; a.example http-01: ${a}`)
  assert.equal(
    orderErrorText({ Error: problem('The CA is disabled'), FailedChallenges: [] }),
    'The CA is disabled',
  )
  assert.equal(orderErrorText({ FailedChallenges: [] }), '')
})
