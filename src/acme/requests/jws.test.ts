import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  accountKeyAlgorithms,
  createAccountKey,
  signJws,
  thumbprint,
} from '../../../test/support/acme-client.ts'
import { AcmeProblem } from '../problem.ts'
import { readAccountKey, requireSignature, requireStrongKey } from './account-key.ts'
import { decodeJws } from './jws.ts'

const policy = { weakKeys: 'allow' } as const

function isProblemOr<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    assert.ok(error instanceof AcmeProblem, String(error))
    return undefined
  }
}

test('signatures of all algorithms are verified, and a signature with any changed bit is refused', () => {
  for (const alg of accountKeyAlgorithms) {
    const key = createAccountKey(alg)
    const read = readAccountKey({ ...key.jwk })
    assert.equal(read.keyThumbprint, thumbprint(key.jwk))
    const jws = decodeJws({ ...signJws(key, { alg }, { a: 1 }) }, 'it')
    requireStrongKey(read, policy)
    requireSignature(jws, read, 'it')
    fc.assert(
      fc.property(fc.nat(jws.signature.length * 8 - 1), (bit) => {
        const signature = Buffer.from(jws.signature)
        signature[bit >> 3] = (signature[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        assert.throws(() => requireSignature({ ...jws, signature }, read, 'it'), /is invalid/)
      }),
      { numRuns: 30 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (signature) => {
        const forged = { ...jws, signature: Buffer.from(signature) }
        assert.throws(() => requireSignature(forged, read, 'it'), /is invalid/)
      }),
      { numRuns: 30 },
    )
  }
})

test('the example of RFC 7638 has its thumbprint, whatever the order and the other members of the JWK', () => {
  const n =
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
  const members = { kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' }
  const reversed = Object.fromEntries(Object.entries(members).toReversed())
  for (const jwk of [members, reversed])
    assert.equal(readAccountKey(jwk).keyThumbprint, 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
})

test('two encodings of one key are not two accounts', () => {
  const { jwk } = createAccountKey('ES256')
  const text = String(jwk.x)
  const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const same = last
    .split('')
    .filter((character) =>
      Buffer.from(text.slice(0, -1) + character, 'base64url').equals(
        Buffer.from(text, 'base64url'),
      ),
    )
  assert.ok(same.length > 1)
  const accepted = same.filter((character) =>
    isProblemOr(() => readAccountKey({ ...jwk, x: text.slice(0, -1) + character })),
  )
  assert.equal(accepted.length, 1)
})

test('any JWK and any JWS are accepted or refused with a problem', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('EC', 'RSA', 'OKP', 'P-256', 'Ed25519', 'AQAB'),
  )
  const coordinate = fc.uint8Array({ minLength: 32, maxLength: 32 })
  const encoded = coordinate.map((bytes) => Buffer.from(bytes).toString('base64url'))
  const member = fc.oneof(text, encoded, fc.jsonValue())
  const names = fc.constantFrom('kty', 'crv', 'x', 'y', 'n', 'e', 'use', 'd')
  fc.assert(
    fc.property(fc.dictionary(names, member), (jwk) => {
      const key = isProblemOr(() => readAccountKey(jwk))
      if (key !== undefined) isProblemOr(() => requireStrongKey(key, policy))
    }),
  )
  fc.assert(
    fc.property(encoded, encoded, (x, y) => {
      const key = readAccountKey({ kty: 'EC', crv: 'P-256', x, y })
      assert.throws(() => requireStrongKey(key, policy), /not a valid key/)
      isProblemOr(() => requireStrongKey(readAccountKey({ kty: 'OKP', crv: 'Ed25519', x }), policy))
    }),
  )
  const members = fc.constantFrom('protected', 'payload', 'signature', 'header', 'signatures')
  const part = fc.oneof(
    member,
    fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
  )
  fc.assert(
    fc.property(fc.dictionary(members, part), (value) => {
      isProblemOr(() => decodeJws(value, 'it'))
    }),
  )
})

test('a key is refused even if the operator allows weak keys in CSRs', () => {
  const { jwk } = createAccountKey('RS256', 1024)
  assert.ok(createPublicKey({ key: jwk, format: 'jwk' }))
  const key = readAccountKey({ ...jwk })
  assert.throws(() => requireStrongKey(key, policy), /RSA key has 1024 bits, fewer than 2048/)
})
