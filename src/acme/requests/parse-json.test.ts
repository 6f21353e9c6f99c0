import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { AcmeProblem } from '../problem.ts'
import { parseJsonObject } from './parse-json.ts'

test('any JSON object with few values is parsed, and any other text is a malformed problem', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (object) => {
      const text = JSON.stringify(object)
      assert.deepEqual(
        parseJsonObject(Buffer.from(text), 'it', Infinity),
        JSON.parse(text) as object,
      )
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      try {
        parseJsonObject(bytes, 'it')
      } catch (error) {
        assert.ok(error instanceof AcmeProblem && error.type === 'malformed')
      }
    }),
  )
})

test('JSON with duplicate members, too many levels or too many values is refused', () => {
  const refused = (text: string | Uint8Array, detail: RegExp): void =>
    assert.throws(() => parseJsonObject(Buffer.from(text as string), 'payload'), detail)
  refused(
    '{"a":1,"a":2}',
    /^AcmeProblem: The payload must not have an object with a duplicate member\.$/,
  )
  refused('{"a":1,"\\u0061":2}', /duplicate member/)
  refused('{"x":{"a":1,"a":2}}', /duplicate member/)
  refused(`${'{"a":'.repeat(11)}1${'}'.repeat(11)}`, /must have at most 10 levels/)
  refused(`{"a":[${'1,'.repeat(100)}1]}`, /must have at most 100 values/)
  refused(Buffer.from([0x7b, 0xff, 0x7d]), /must be JSON in UTF-8/)
  for (const text of ['', 'null', '[]', '"x"', '1', '{', '{}{}'])
    refused(text, /must be a JSON object/)
  const deepest = `${'{"a":'.repeat(10)}1${'}'.repeat(10)}`
  assert.ok(parseJsonObject(Buffer.from(deepest), 'payload'))
})
