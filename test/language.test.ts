/** The language of comments, texts and documents. CONTRIBUTING.md, "Language", explains it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headlessComment, rejectedPhrases } from './support/language-phrases.ts'
import { passages, passagesOfSource, type Passage } from './support/prose.ts'

const all = passages()
/** Sentences about octets that name their RFC or ITU-T recommendation keep its word. */
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
