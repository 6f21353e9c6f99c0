/** Tests that the output of these functions cannot control a terminal, hide text or start a formula. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  csvCell,
  quoted,
  truncateText,
  visibleJson,
  visibleLines,
  visibleText,
} from './visible-text.ts'

const seed = 20_261_129
const hostileCharacters = Array.from(
  '\u0007\r\n\t\u007F\u0085\u00AD\u061C\u200B\u200D\u200E\u200F\u2028\u2029\uFEFF' +
    '\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069\u{E0041}\uD800"\'\\ä',
)
const hostileParts = [...hostileCharacters, '\u001B[2J', '\u009B31m', '\uDC00', '=1+1', 'name']
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.nat(0xffff).map((unit) => String.fromCharCode(unit))).map((units) => units.join('')),
  fc.array(fc.constantFrom(...hostileParts)).map((parts) => parts.join('')),
)

/** The tests use ranges of code points instead of the tested code's character classes. */
function isUnsafe(character: string): boolean {
  const point = character.codePointAt(0) ?? 0
  const within = (low: number, high: number): boolean => point >= low && point <= high
  return (
    within(0, 0x1f) ||
    within(0x7f, 0x9f) ||
    [0xad, 0x61c, 0x180e, 0xfeff].includes(point) ||
    within(0x200b, 0x200f) ||
    within(0x2028, 0x202e) ||
    within(0x2060, 0x206f) ||
    within(0xd800, 0xdfff) ||
    within(0xfff9, 0xfffb) ||
    within(0xfe00, 0xfe0f) ||
    within(0xe0000, 0xe0fff)
  )
}

test('visible text has no control, format or separator character, whatever the input', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      assert.equal(Array.from(visibleText(text)).find(isUnsafe), undefined)
      const lines = visibleLines(text).split('\n')
      assert.equal(lines.join('').match(/\n/), null)
      assert.equal(Array.from(lines.join('')).find(isUnsafe), undefined)
      assert.equal(lines.length, text.split('\n').length)
    }),
    { seed, numRuns: 2000 },
  )
})

test('an escape shows which character it replaces', () => {
  assert.equal(
    visibleText('a\u001B[2Jb\u009Bc\u202Ed\u{E0041}e\nf\r\tg\u2028h\uD800i'),
    String.raw`a\u{1b}[2Jb\u{9b}c\u{202e}d\u{e0041}e\nf\r\tg\u{2028}h\u{d800}i`,
  )
  assert.equal(visibleLines('one\ntwo\r\u001B'), 'one\ntwo\\r\\u{1b}')
})

test('text without such characters is unchanged, in every script', () => {
  for (const text of ['', 'CN=web, O=Müller GmbH', '日本語', 'עברית', '🔒', String.raw`C:\new`])
    assert.equal(visibleText(text), text)
})

test('JSON keeps its value, and contains no unsafe characters except the line feeds between its elements', () => {
  const value = fc.oneof(anyText, fc.dictionary(anyText, fc.array(anyText)))
  fc.assert(
    fc.property(value, (json) => {
      const text = visibleJson(JSON.stringify(json, undefined, 2))
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(json)))
      assert.equal(
        Array.from(text).find((one) => one !== '\n' && isUnsafe(one)),
        undefined,
      )
    }),
    { seed, numRuns: 2000 },
  )
  assert.equal(visibleJson('"\u009B\u202E\u{E0041}"'), String.raw`"\u009b\u202e\udb40\udc41"`)
})

test('a CSV cell is one quoted field that no spreadsheet interprets as a formula', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const cell = csvCell(text)
      assert.match(cell, /^"(?:[^"]|"")*"$/)
      assert.equal(Array.from(cell.replaceAll(/[\n\t]/g, '')).find(isUnsafe), undefined)
      assert.doesNotMatch(cell, /^"\s*[=+\-@＝＋－＠]/)
    }),
    { seed, numRuns: 2000 },
  )
  for (const start of ['=', '+', '-', '@', ' =', '＝', '＋', '－', '＠'])
    assert.equal(csvCell(`${start}1`), `"'${start}1"`)
  assert.equal(csvCell('CN=a "b"'), '"CN=a ""b"""')
})

test('a truncated text is as long as possible and never ends within a surrogate pair', () => {
  assert.equal(truncateText('ab😀', 3), 'ab')
  assert.equal(truncateText('ab😀', 4), 'ab😀')
  assert.equal(truncateText('😀', 0), '')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(40), (text, unitsMax) => {
      const shown = truncateText(text, unitsMax)
      assert.ok(text.startsWith(shown) && shown.isWellFormed())
      assert.ok(shown.length <= unitsMax && shown.length >= Math.min(text.length, unitsMax) - 1)
    }),
    { seed: 15 },
  )
})

test('quoted text is short, on one line, and in quotes', () => {
  assert.equal(quoted('a\n\u202E'), '"a\\n\\u{202e}"')
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (text) => {
      // An escaped character has at most ten characters.
      assert.match(quoted(text), /^".{0,2400}"$/)
    }),
  )
})
