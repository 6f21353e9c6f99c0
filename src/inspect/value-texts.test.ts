import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forwardName } from './value-texts.ts'

test('a name from the certificate search is shown in the same form as every other name', () => {
  assert.equal(forwardName('CN=host,OU=Web,O=Example'), 'O=Example, OU=Web, CN=host')
  assert.equal(forwardName(String.raw`CN=a\\,O=b\, c`), String.raw`O=b\, c, CN=a\\`)
  assert.equal(forwardName(''), '')
})
