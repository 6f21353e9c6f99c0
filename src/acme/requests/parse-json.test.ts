import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { AcmeProblem } from '../problem.ts'
import { decodeBase64url, parseJsonObject, quoted } from './parse-json.ts'

test('base64url is decoded exactly if encoding the bytes again returns the text', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = Buffer.from(bytes).toString('base64url')
      assert.deepEqual(decodeBase64url(text), Buffer.from(bytes))
      assert.equal(decodeBase64url(`${text}=`), undefined)
      assert.equal(decodeBase64url(`${text}\n`), undefined)
    }),
  )
  fc.assert(
    fc.property(fc.string(), (text) => {
      const bytes = decodeBase64url(text)
      if (bytes !== undefined) assert.equal(bytes.toString('base64url'), text)
    }),
  )
})

test('text with bits that no encoding has is not base64url', () => {
  for (const text of ['e31', 'A', 'AB', 'AAB', 'AA==', 'a+b/', 'ü', ' AAAA'])
    assert.equal(decodeBase64url(text), undefined, text)
  for (const value of [undefined, null, 1, {}, ['AAAA']])
    assert.equal(decodeBase64url(value), undefined)
})

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
    assert.throws(() => parseJsonObject(Buffer.from(text as string), 'the payload'), detail)
  refused('{"a":1,"a":2}', /^AcmeProblem: the payload has an object with a duplicate member$/)
  refused('{"a":1,"\\u0061":2}', /duplicate member/)
  refused('{"x":{"a":1,"a":2}}', /duplicate member/)
  refused(`${'{"a":'.repeat(11)}1${'}'.repeat(11)}`, /has more than 10 levels/)
  refused(`{"a":[${'1,'.repeat(100)}1]}`, /has more than 100 values/)
  refused(Buffer.from([0x7b, 0xff, 0x7d]), /is not UTF-8/)
  for (const text of ['', 'null', '[]', '"x"', '1', '{', '{}{}']) refused(text, /not a JSON object/)
  const deepest = `${'{"a":'.repeat(10)}1${'}'.repeat(10)}`
  assert.ok(parseJsonObject(Buffer.from(deepest), 'the payload'))
})

test('quoted text is short, on one line, and in quotes', () => {
  assert.equal(quoted('a\n\u202E'), '"a\\n\\u{202e}"')
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (text) => {
      // Each character can become an escape of at most ten characters.
      assert.match(quoted(text), /^".{0,2400}"$/)
    }),
  )
})
