import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  matchesName,
  parseNamePattern,
  rangeOfPattern,
  reversedKey,
  searchKey,
  type NamePattern,
} from './name-pattern.ts'

function pattern(text: string): NamePattern {
  const parsed = parseNamePattern(text)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed
}

test('a pattern matches a whole name, a prefix or a suffix', () => {
  assert.deepEqual(pattern('WWW.example.com'), { kind: 'exact', key: 'www.example.com' })
  assert.deepEqual(pattern('Www.*'), { kind: 'prefix', key: 'www.' })
  assert.deepEqual(pattern('.Example.com'), { kind: 'suffix', key: '.example.com' })
  assert.deepEqual(pattern('*.example.com'), { kind: 'exact', key: '*.example.com' })
  assert.deepEqual(pattern('*.*'), { kind: 'prefix', key: '*.' })
})

test('a backslash escapes the next character', () => {
  assert.deepEqual(pattern(String.raw`a\*`), { kind: 'exact', key: 'a*' })
  assert.deepEqual(pattern(String.raw`a\\*`), { kind: 'prefix', key: 'a\\' })
  assert.deepEqual(pattern(String.raw`a\\\*`), { kind: 'exact', key: String.raw`a\*` })
  assert.deepEqual(pattern(String.raw`\.profile`), { kind: 'exact', key: '.profile' })
  assert.deepEqual(pattern(String.raw`DOMAIN\\user`), {
    kind: 'exact',
    key: String.raw`domain\user`,
  })
})

test('IP addresses are normalized', () => {
  for (const text of ['2001:DB8:0:0::1', '2001:0db8::0001', '2001:db8::1'])
    assert.deepEqual(pattern(text), { kind: 'exact', key: '2001:db8::1' })
})

test('meaningless patterns are refused', () => {
  for (const [text, problem] of [
    ['*', /asterisk and nothing else/],
    ['.example.*', /begins with a period and ends/],
    ['a\\', /ends with a backslash/],
    ['a\\\\\\', /ends with a backslash/],
  ] as const)
    assert.match((parseNamePattern(text) as { problem: string }).problem, problem)
})

test('the range of a pattern contains exactly the matching names', () => {
  const part = fc.constantFrom('a', 'A', '.', 'ß', '𝕊', '*', 'b', '\\', '.com')
  const name = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''))
  const kind = fc.constantFrom('exact', 'prefix', 'suffix' as const)
  fc.assert(
    fc.property(kind, name, name, (of, text, candidate) => {
      const options: NamePattern = { kind: of, key: searchKey(text) }
      const key = of === 'suffix' ? reversedKey(candidate) : searchKey(candidate)
      const { low, high } = rangeOfPattern(options)
      const bytes = (one: string): Buffer => Buffer.from(one)
      const isIn =
        Buffer.compare(bytes(key), bytes(low)) >= 0 && Buffer.compare(bytes(key), bytes(high)) <= 0
      assert.equal(matchesName(options, candidate), isIn)
    }),
    { numRuns: 3000 },
  )
})

test('search keys are lowercase, contain no NUL, and are truncated between characters', () => {
  assert.equal(searchKey('Straße\0'), 'straße\u{fffd}')
  // A BMPString in a certificate can contain an unpaired surrogate, which no database can store.
  assert.equal(searchKey('A\ud800'), 'a\u{fffd}')
  assert.equal(reversedKey('a\udc00\ud800'), '\u{fffd}\u{fffd}a')
  assert.equal(Array.from(searchKey('𝕊'.repeat(300))).length, 254)
  assert.equal(reversedKey('a𝕊b'), 'bsa')
})

test('the fast path for ASCII names returns the same keys as the general path', () => {
  // A non-ASCII character selects the general code path.
  const general = (key: (text: string) => string, text: string, end: string): string =>
    key(text + end).replace(end, '')
  fc.assert(
    fc.property(fc.string({ maxLength: 253 }), (text) => {
      assert.equal(searchKey(text), general(searchKey, text, 'ß'))
      assert.equal(reversedKey(text), general(reversedKey, text, 'ß'))
    }),
  )
  assert.equal(searchKey('a'.repeat(300)).length, 254)
  assert.equal(reversedKey(`${'a'.repeat(300)}b`), `b${'a'.repeat(253)}`)
})
