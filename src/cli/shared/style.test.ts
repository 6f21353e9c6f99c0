/** Tests of paragraphs for terminals. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { paragraphsText } from './style.ts'

const anyText = fc.string({
  unit: fc.oneof(
    fc.nat(0xff).map((code) => String.fromCharCode(code)),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
})
const line = fc.record({ label: anyText, text: anyText, tone: fc.constantFrom('plain', 'bad') })

test('control characters in a name never reach the terminal', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ title: anyText, lines: fc.array(line, { minLength: 1 }) })),
      (paragraphs) => {
        const text = paragraphsText(new PassThrough(), paragraphs)
        assert.doesNotMatch(text, /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u)
        const lines = paragraphs.flatMap((paragraph) => ['', 'title', ...paragraph.lines]).slice(1)
        assert.equal(text.split('\n').length, Math.max(1, lines.length))
      },
    ),
  )
})

test('the texts of a paragraph begin in the same column', () => {
  const lines = [
    { label: 'a', text: 'one', tone: 'plain' },
    { label: 'longer', text: 'two', tone: 'plain' },
  ] as const
  assert.equal(
    paragraphsText(new PassThrough(), [{ title: 'Title', lines }]),
    'Title\n  a       one\n  longer  two',
  )
})
