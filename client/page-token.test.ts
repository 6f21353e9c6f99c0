import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodePageToken, encodePageToken } from './page-token.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** Tokens from botocore.paginate.TokenEncoder, with their positions. */
const ofBotocore = [
  ['eyJOZXh0VG9rZW4iOiAiYWJjIn0=', { serviceToken: 'abc', skipped: undefined }],
  [
    'eyJOZXh0VG9rZW4iOiBudWxsLCAiYm90b190cnVuY2F0ZV9hbW91bnQiOiAzfQ==',
    { serviceToken: undefined, skipped: 3 },
  ],
  [
    'eyJOZXh0VG9rZW4iOiAiXHUwMGZjIFwiIFx1ZDgzZFx1ZGUwMCIsICJib3RvX3RydW5jYXRlX2Ftb3VudCI6IDB9',
    { serviceToken: 'ü " 😀', skipped: 0 },
  ],
] as const

for (const [token, position] of ofBotocore)
  test(`${JSON.stringify(position)} is encoded and decoded as in botocore`, () => {
    assert.equal(encodePageToken(position), token)
    assert.deepEqual(decodePageToken(token), position)
  })

test('any other text is a token of the service, or a token in the earlier form', () => {
  const plain = (serviceToken: string | undefined, skipped?: number): object => ({
    serviceToken,
    skipped,
  })
  assert.deepEqual(decodePageToken('opaque-token_1'), plain('opaque-token_1'))
  assert.deepEqual(decodePageToken('opaque___7'), plain('opaque', 7))
  assert.deepEqual(decodePageToken('None___7'), plain(undefined, 7))
  assert.deepEqual(decodePageToken('a___b'), plain('a___b'))
  assert.deepEqual(decodePageToken(base64('[1]')), plain(base64('[1]')))
})

test('a token with unknown members is refused', () => {
  for (const members of [
    {},
    { NextToken: 5 },
    { NextToken: 'a', boto_truncate_amount: -1 },
    { NextToken: 'a', boto_truncate_amount: 'x' },
    { NextToken: 'a', Marker: 'b' },
  ])
    assert.throws(
      () => decodePageToken(base64(JSON.stringify(members))),
      { name: 'TypeError', message: /^Bad starting token: / },
      JSON.stringify(members),
    )
})
