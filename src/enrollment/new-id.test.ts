import assert from 'node:assert/strict'
import { test } from 'node:test'
import { argumentBytes, newResourceId } from './new-id.ts'

test('no ID or key begins with a hyphen, which commands would take for an option', () => {
  for (let first = 0; first < 256; first += 1) {
    let calls = 0
    const random = {
      bytes(length: number): Uint8Array {
        calls += 1
        return Buffer.alloc(length, calls === 1 ? first : 0)
      },
    }
    const text = Buffer.from(argumentBytes(random, 32)).toString('base64url')
    assert.doesNotMatch(text, /^-/)
    assert.equal(calls, Buffer.from([first]).toString('base64url').startsWith('-') ? 2 : 1)
    assert.match(newResourceId(random), /^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/)
  }
})
