import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { systemRandom } from '../random.ts'
import { newAccessKey, newUniqueId } from './new-credentials.ts'

const form = (key: { accessKeyId: string; secretAccessKey: string }): void => {
  assert.match(key.accessKeyId, /^AKIA[A-Z2-7]{16}$/)
  assert.match(key.secretAccessKey, /^[A-Za-z0-9+/]{40}$/)
}

test('an access key has the form of AWS for any random bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (bytes) => {
      form(newAccessKey({ bytes: (length) => bytes.subarray(0, length) }))
    }),
  )
})

test('the prefix of a unique ID names the kind of principal', () => {
  const random = { bytes: (length: number) => new Uint8Array(length) }
  assert.equal(newUniqueId('user', random), 'AIDAAAAAAAAAAAAAAAAA')
  assert.equal(newUniqueId('role', random), 'AROAAAAAAAAAAAAAAAAA')
  assert.equal(newAccessKey(random, 'temporary access key').accessKeyId, 'ASIAAAAAAAAAAAAAAAAA')
})

test('every random byte changes the access key', () => {
  const of = (byte: number) =>
    newAccessKey({ bytes: (length) => new Uint8Array(length).fill(byte) })
  assert.equal(of(0).accessKeyId, 'AKIAAAAAAAAAAAAAAAAA')
  assert.equal(of(31).accessKeyId, 'AKIA7777777777777777')
  assert.equal(Buffer.from(of(255).secretAccessKey, 'base64').toString('hex'), 'ff'.repeat(30))
  const keys = Array.from({ length: 100 }, () => newAccessKey(systemRandom))
  assert.equal(new Set(keys.flatMap(Object.values<string>)).size, 200)
})
