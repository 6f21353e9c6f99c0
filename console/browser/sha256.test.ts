import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { sha256 } from './sha256.ts'

test('the hash of messages of every length up to three blocks is the same as in Node.js', () => {
  for (let length = 0; length <= 192; length += 1) {
    const message = Uint8Array.from({ length }, (_, index) => (index * 31 + length) % 256)
    const expected = createHash('sha256').update(message).digest('hex')
    assert.equal(Buffer.from(sha256(message)).toString('hex'), expected, String(length))
  }
})
