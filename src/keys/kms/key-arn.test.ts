import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { KeyNotFoundError } from '../key-store.ts'
import { handleOf, parseHandle, parseKeyArn } from './key-arn.ts'

const id = '1234abcd-12ab-34cd-56ef-1234567890ab'
const arn = `arn:aws:kms:eu-central-1:111122223333:key/${id}`

test('the ARN of a key has a Region', () => {
  for (const [text, region] of [
    [arn, 'eu-central-1'],
    [`arn:aws-cn:kms:cn-north-1:111122223333:key/${id}`, 'cn-north-1'],
    [`arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/${id}`, 'us-gov-west-1'],
    [`arn:aws:kms:us-east-1:000000000000:key/mrk-${'0123456789abcdef'.repeat(2)}`, 'us-east-1'],
  ] as const) {
    assert.deepEqual(parseKeyArn(text), { text, region })
    assert.deepEqual(parseHandle(handleOf({ text, region })), { text, region })
  }
})

test('everything else is not the ARN of a key', () => {
  for (const text of [
    '',
    id,
    `alias/signet/x`,
    'arn:aws:kms:eu-central-1:111122223333:alias/x',
    arn.toUpperCase(),
    ` ${arn}`,
    `${arn}\n`,
    `${arn}-not`,
    arn.replace('kms', 's3'),
    arn.replace('111122223333', '1111'),
    arn.replace('eu-central-1', ''),
    arn.replace('eu-central-1', 'eu.central'),
    arn.replace('key/', 'key/../'),
    arn.replace('arn:aws', 'arn:other'),
  ])
    assert.equal(parseKeyArn(text), undefined, text)
})

test('a handle that differs from a valid one in one place is never another valid spelling', () => {
  const place = fc.integer({ min: 0, max: arn.length - 1 })
  fc.assert(
    fc.property(place, fc.string({ maxLength: 3 }), (at, inserted) => {
      const text = arn.slice(0, at) + inserted + arn.slice(at + 1)
      const parsed = parseKeyArn(text)
      if (parsed !== undefined) assert.equal(parsed.text, text)
      else assert.throws(() => parseHandle(`kms:${text}`), KeyNotFoundError)
    }),
  )
})

test('a handle without the scheme is not found', () => {
  for (const handle of [arn, `KMS:${arn}`, `local:${arn}`, 'kms:', ''])
    assert.throws(() => parseHandle(handle), KeyNotFoundError)
})
