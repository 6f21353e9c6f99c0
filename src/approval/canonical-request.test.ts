import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import {
  canonicalJson,
  requestHash,
  shownInput,
  type CanonicalRequest,
} from './canonical-request.ts'

const request: CanonicalRequest = {
  accountId: '123456789012',
  region: 'eu-west-1',
  operation: 'IssueCertificate',
  resourceArn: 'arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/1',
  requester: 'arn:aws:iam::123456789012:user/alice',
  person: 'AIDAEXAMPLE',
  input: { Csr: new Uint8Array([1, 2]), Validity: { Value: 30n, Type: 'DAYS' } },
}

/** Values that occur in decoded inputs: JSON, bytes, times and integers. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }),
    fc.uint8Array({ maxLength: 8 }),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
  ),
}))

test('the order of members and absent members do not change the form', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), value), fc.string(), (members, absent) => {
      const reversed = Object.fromEntries(Object.entries(members).toReversed())
      assert.equal(canonicalJson(reversed), canonicalJson(members))
      if (!Object.hasOwn(members, absent) && absent !== '__proto__')
        assert.equal(canonicalJson({ ...members, [absent]: undefined }), canonicalJson(members))
    }),
  )
})

test('different values have different forms', () => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      assert.equal(canonicalJson(a) === canonicalJson(b), isDeepStrictEqual(plain(a), plain(b)))
    }),
  )
})

/** Returns a copy of a value in which all objects have the standard prototype. */
function plain(of: unknown): unknown {
  return structuredClone(of)
}

test('values of different types never have the same form', () => {
  const alike: readonly unknown[] = [
    ['bytes', 'AQ=='],
    ['', 'bytes', 'AQ=='],
    new Uint8Array([1]),
    { bytes: 'AQ==' },
    'AQ==',
    ['integer', '1'],
    1n,
    1,
    '1',
    ['time', '1970-01-01T00:00:00.000Z'],
    new Date(0),
    null,
    'null',
    {},
    [],
    '',
  ]
  assert.equal(new Set(alike.map(canonicalJson)).size, alike.length)
})

test('every part of a request changes its hash', () => {
  const hash = (more: Partial<CanonicalRequest>): string =>
    requestHash({ ...request, ...more }).toString('hex')
  const hashes = [
    hash({}),
    hash({ accountId: '210987654321' }),
    hash({ region: 'eu-west-2' }),
    hash({ region: undefined }),
    hash({ operation: 'PutPolicy' }),
    hash({ resourceArn: undefined }),
    hash({ requester: 'arn:aws:iam::123456789012:user/bob' }),
    hash({ person: 'AIDAOTHER' }),
    hash({ input: {} }),
    hash({ input: { ...request.input, IdempotencyToken: 'a' } }),
  ]
  assert.equal(new Set(hashes).size, hashes.length)
  assert.equal(
    hash({ input: { Validity: { Type: 'DAYS', Value: 30n }, Csr: Buffer.from([1, 2]) } }),
    hashes[0],
  )
})

test('an approver is shown bytes as base64, and the size and hash of a long value', () => {
  const long = new Uint8Array(100_000)
  const shown = JSON.parse(
    shownInput({ Csr: new Uint8Array([1]), More: Buffer.from([2]), Value: 30n, Chain: long }),
  )
  const { Chain, ...rest } = shown
  assert.deepEqual(rest, { Csr: 'AQ==', More: 'Ag==', Value: '30' })
  assert.deepEqual([Chain.omitted, Chain.bytes, Chain.sha256.length], [true, 100_000, 64])
  assert.ok(shownInput({ Policy: 'x'.repeat(60_000) }).length < 200)
})
