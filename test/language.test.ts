/** Tests of the language rules for comments, texts and documents (CONTRIBUTING.md, "Language"). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headlessComment, rejectedPhrases } from './support/language-phrases.ts'
import { passages, passagesOfSource, type Passage } from './support/prose.ts'

const all = passages()
/** The word "octets" is permitted in sentences that cite an RFC or an ITU-T recommendation. */
const standard = /\bRFC \d|\bX\.6[89]\d|§/

function findings(pattern: RegExp, list: readonly Passage[]): string[] {
  return list.flatMap(({ file, line, text }) => {
    const match = pattern.exec(text)
    if (match === null || (/octet/i.test(match[0]) && standard.test(text))) return []
    return [`${file}:${line}: …${text.slice(Math.max(0, match.index - 40), match.index + 40)}…`]
  })
}

for (const { pattern, instead } of rejectedPhrases)
  test(`no tracked file contains ${pattern}: write ${instead}`, () => {
    assert.deepEqual(findings(pattern, all), [])
  })

test('every comment starts with the thing it is about', () => {
  assert.deepEqual(
    findings(
      headlessComment,
      all.filter(({ kind }) => kind === 'comment'),
    ),
    [],
  )
})

test('the passages of a source are its comments and its texts', () => {
  const source = [
    '/** One\n * paragraph.\n *\n * Another. */',
    '// First line,',
    '// second line.',
    "const text = 'a text of words' // At the end.",
  ].join('\n')
  assert.deepEqual(
    passagesOfSource('a.ts', source).map(({ kind, text }) => [kind, text]),
    [
      ['comment', 'One paragraph.'],
      ['comment', 'Another.'],
      ['comment', 'First line, second line.'],
      ['text', 'a text of words'],
      ['comment', 'At the end.'],
    ],
  )
  assert.ok(all.length > 5000, `${all.length} passages`)
})

test('quotes and slashes within regular expressions, templates and comments begin no passage', () => {
  const source = [
    '#!/usr/bin/env node',
    'const pattern = /^[`\'"]+$/ // First comment.',
    'const division = 6 / 2 / 1 // Second comment.',
    "const nested = `outer ${pattern.test('an inner text') ? `inner text of ${1} words` : '`'} text of words`",
    '// Third comment, as in https://example.com/`.',
    "const url = 'https://example.com/a text of words'",
    '/* Fourth comment: ` */',
    "const after = 'the last text of the file'",
  ].join('\n')
  assert.deepEqual(
    passagesOfSource('a.ts', source).map(({ line, kind, text }) => [line, kind, text]),
    [
      [2, 'comment', 'First comment.'],
      [3, 'comment', 'Second comment.'],
      [4, 'text', 'outer ${…} text of words'],
      [4, 'text', 'an inner text'],
      [4, 'text', 'inner text of ${…} words'],
      [5, 'comment', 'Third comment, as in https://example.com/`.'],
      [6, 'text', 'https://example.com/a text of words'],
      [7, 'comment', 'Fourth comment: `'],
      [8, 'text', 'the last text of the file'],
    ],
  )
})

test('a source that cannot be parsed is refused', () => {
  assert.throws(() => passagesOfSource('a.ts', 'const = 1'), /a\.ts cannot be parsed/)
})
