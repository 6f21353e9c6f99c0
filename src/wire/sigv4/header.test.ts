import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ServiceError } from '../../errors.ts'
import { parseAuthorization } from './header.ts'
import { indexHeaders } from './request.ts'

const dated = indexHeaders(['X-Amz-Date', '20261125T120000Z', 'X-Amz-Security-Token', 'token'])
const begin = 'AWS4-HMAC-SHA256 Credential=AKID/20261125/us-east-1/acm-pca/aws4_request'
const usual = `${begin}, SignedHeaders=host;x-amz-date, Signature=${'0a'.repeat(32)}`

function outcomeOf(authorization: string, headers = dated): unknown {
  try {
    return parseAuthorization(authorization, headers)
  } catch (error) {
    assert.ok(error instanceof ServiceError)
    // The message quotes the header with its spaces.
    return `${error.code}: ${error.message.replaceAll(/ +/g, ' ')}`
  }
}

/** Parses a header that is too long for the cache, because of the spaces before its first parameter. */
function parsedUncached(authorization: string, headers = dated): unknown {
  return outcomeOf(authorization.replace(' ', ' '.repeat(600)), headers)
}

test('the cache does not change the parsed header', () => {
  const piece = fc.constantFrom(
    ',',
    ', ',
    ' ',
    '=',
    ';',
    '/',
    'Signature=',
    'SignedHeaders=host',
    'é',
    '0a'.repeat(32),
    '0A'.repeat(32),
  )
  const place = fc.nat(usual.length)
  const changed = fc.tuple(place, fc.nat(80), piece).map(([at, cut, text]) => {
    return usual.slice(0, at) + text + usual.slice(at + cut)
  })
  const digits = fc.stringMatching(/^[0-9a-f]{64}$/)
  const signed = digits.map((text) => usual.slice(0, -64) + text)
  const further = digits.map((text) => `${usual}, XSignature=${text}`)
  const last = fc
    .tuple(fc.nat(64), piece)
    .map(([at, text]) => (usual.slice(0, at - 64) + text + 'b'.repeat(64)).slice(0, usual.length))
  fc.assert(
    fc.property(
      fc.oneof(changed, signed, further, last),
      fc.boolean(),
      (authorization, isDated) => {
        const headers = isDated ? dated : indexHeaders([])
        outcomeOf(usual)
        // The first iteration may add the header to the cache, so the second iteration tests the cached result.
        for (const _time of [1, 2])
          assert.deepEqual(
            outcomeOf(authorization, headers),
            parsedUncached(authorization, headers),
          )
      },
    ),
    { seed: 17, numRuns: 3000 },
  )
})

test('requests with similar headers keep their own signature, time and token', () => {
  const other = indexHeaders(['Date', 'Wed, 25 Nov 2026 12:00:01 GMT'])
  const first = parseAuthorization(usual, dated)
  const second = parseAuthorization(`${usual.slice(0, -64)}${'1b'.repeat(32)}`, other)
  assert.equal(second.signature, '1b'.repeat(32))
  assert.equal(second.timestamp.toISOString(), '2026-11-25T12:00:01.000Z')
  assert.equal(second.securityToken, undefined)
  assert.equal(first.securityToken, 'token')
  assert.deepEqual(first.signedHeaders, second.signedHeaders)
})
