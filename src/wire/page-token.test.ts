import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { systemRandom } from '../random.ts'
import { createSealer } from '../sealer.ts'
import { createPageTokens } from './page-token.ts'

const tokens = createPageTokens(createSealer(new Uint8Array(32).fill(1), systemRandom))
const scope = {
  operation: 'ListTags',
  callerArn: 'arn:aws:iam::123456789012:user/alice',
  region: 'eu-west-1',
  resource: 'arn',
}

test('a token is decrypted to its position within its scope', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (position) => {
      assert.equal(tokens.open(scope, tokens.seal(scope, position)), position)
    }),
  )
})

test('a token is invalid for another operation, caller, Region or resource', () => {
  const token = tokens.seal(scope, '7')
  for (const member of ['operation', 'callerArn', 'region', 'resource'] as const)
    assert.equal(tokens.open({ ...scope, [member]: `${scope[member]}x` }, token), undefined, member)
  const shifted = { ...scope, region: '', resource: `${scope.region}${scope.resource}` }
  assert.equal(tokens.open(shifted, token), undefined)
})

test('an altered, truncated or foreign token is invalid', () => {
  const token = tokens.seal(scope, 'position')
  for (let index = 0; index < token.length; index += 1) {
    const other = token[index] === 'A' ? 'B' : 'A'
    assert.equal(
      tokens.open(scope, token.slice(0, index) + other + token.slice(index + 1)),
      undefined,
    )
    assert.equal(tokens.open(scope, token.slice(0, index)), undefined)
  }
  const elsewhere = createPageTokens(createSealer(new Uint8Array(32).fill(2), systemRandom))
  assert.equal(tokens.open(scope, elsewhere.seal(scope, '7')), undefined)
  for (const text of ['', 'x', '0', '=', ' ', `${token}=`, `${token} `])
    assert.equal(tokens.open(scope, text), undefined)
})

test('no text makes decryption throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(tokens.open(scope, text), undefined)
    }),
  )
})
