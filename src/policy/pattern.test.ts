import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  compilePattern,
  equalsResolved,
  matchesResolved,
  resolvePattern,
  type ContextKeys,
} from './pattern.ts'
import { matchesArn } from './operators.ts'
import { matchesWildcard } from './wildcard.ts'

const keys: ContextKeys = new Map([
  ['aws:username', ['alice']],
  ['aws:tagkeys', ['a', 'b']],
  ['aws:empty', []],
])

function matches(pattern: string, text: string, known = keys): boolean | undefined {
  const resolved = resolvePattern(compilePattern(pattern, true), known)
  return resolved === undefined ? undefined : matchesResolved(resolved, text)
}

function equals(pattern: string, text: string, known = keys): boolean | undefined {
  const resolved = resolvePattern(compilePattern(pattern, true), known)
  return resolved === undefined ? undefined : equalsResolved(resolved, text)
}

test('a string is parsed into text, wildcards and variables', () => {
  const plain = compilePattern('a*', true)
  assert.deepEqual(plain, {
    text: 'a*',
    parts: [{ kind: 'wild', text: 'a*' }],
    hasVariables: false,
    isExact: false,
    keys: [],
    isUnderstood: true,
  })
  const {
    parts,
    hasVariables,
    keys: asked,
  } = compilePattern("x/${AWS:UserName, 'none'}/${*}", true)
  assert.equal(hasVariables, true)
  assert.deepEqual(asked, ['aws:username'])
  assert.deepEqual(parts, [
    { kind: 'wild', text: 'x/' },
    { kind: 'variable', key: 'aws:username', fallback: 'none' },
    { kind: 'wild', text: '/' },
    { kind: 'literal', text: '*' },
  ])
  assert.deepEqual(compilePattern('', true).parts, [{ kind: 'wild', text: '' }])
})

test('a pattern with an invalid variable name is marked as not understood', () => {
  for (const text of [
    '${',
    '${}',
    '${x}',
    'a${username}',
    '${aws:}',
    '${aws:k, x}',
    "${aws:k, 'x}",
    '${*',
    '${**}',
  ])
    assert.equal(compilePattern(text, true).isUnderstood, false, text)
  for (const text of [
    '$',
    '{}',
    '$ {x}',
    '${aws:ResourceTag/cost centre}',
    "${aws:k, ''}",
    '${$}{x}',
  ])
    assert.equal(compilePattern(text, true).isUnderstood, true, text)
  assert.equal(compilePattern('${x}', false).isUnderstood, true)
})

test('without variables every string is literal text', () => {
  for (const text of ['${aws:username}', '${*}', '${$}', "${aws:k, 'x'}", 'x', '']) {
    const pattern = compilePattern(text, false)
    assert.equal(pattern.hasVariables, false)
    assert.equal(resolvePattern(pattern, keys), text)
  }
})

test('a variable is replaced by its value or default; without both the result is undefined', () => {
  assert.equal(equals('${aws:username}', 'alice'), true)
  assert.equal(equals('${ aws:username }', 'alice'), true)
  assert.equal(equals("${aws:username, 'x'}", 'alice'), true)
  assert.equal(equals("${aws:absent, 'x'}", 'x'), true)
  assert.equal(equals("${aws:empty, 'x'}", 'x'), true)
  assert.equal(equals('${aws:absent}', 'x'), undefined)
  assert.equal(equals('${aws:empty}', ''), undefined)
  assert.equal(equals('${aws:tagkeys}', 'a'), undefined)
  assert.equal(equals("${aws:tagkeys, 'x'}", 'x'), undefined)
})

test('${*}, ${?} and ${$} stand for literal characters', () => {
  assert.equal(matches('${*}', '*'), true)
  assert.equal(matches('${*}', 'x'), false)
  assert.equal(matches('${?}', '?'), true)
  assert.equal(matches('${?}', 'x'), false)
  assert.equal(matches('${$}{x}', '${x}'), true)
  assert.equal(equals('${*}${?}${$}', '*?$'), true)
})

test('wildcard characters in the value of a variable are literal', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '*', '?', '$', '{', '}', ':'), maxLength: 6 })
  fc.assert(
    fc.property(text, text, (value, actual) => {
      const known = new Map([['aws:k', [value]]])
      assert.equal(matches('${aws:k}', actual, known), value === actual)
      assert.equal(equals('${aws:k}', actual, known), value === actual)
      assert.equal(matches('<${aws:k}*', `<${actual}`, known), actual.startsWith(value))
      assert.equal(matches('?${aws:k}', `*${actual}`, known), value === actual)
    }),
    { numRuns: 1000 },
  )
})

test('wildcards next to a variable match as they do without a variable', () => {
  const wild = fc.string({ unit: fc.constantFrom('a', '*', '?'), maxLength: 6 })
  const known = new Map([['aws:k', ['*']]])
  fc.assert(
    fc.property(wild, wild, (pattern, text) => {
      assert.equal(
        matches(`${pattern}|\${aws:k}`, `${text}|*`, known),
        matchesWildcard(pattern, text),
      )
    }),
    { numRuns: 1000 },
  )
})

test('an exact pattern matches only its own text, and every pattern matches its own text', () => {
  const unit = fc.constantFrom('a', 'b', ':', '*', '?', '$', '\uE000', '\uE001')
  const some = fc.string({ unit, maxLength: 8 })
  const five = fc.string({ unit: fc.constantFrom('a', ':'), minLength: 5, maxLength: 8 })
  fc.assert(
    fc.property(fc.oneof(some, five), fc.oneof(some, five), (pattern, text) => {
      for (const match of [matchesResolved, matchesArn]) {
        assert.equal(match(pattern, pattern), true)
        if (compilePattern(pattern, true).isExact)
          assert.equal(match(pattern, text), pattern === text)
      }
    }),
    { seed: 17, numRuns: 3000 },
  )
  const exact = ['a*', 'a?', '${aws:username}', '${*}', 'a', ''].filter(
    (text) => compilePattern(text, true).isExact,
  )
  assert.deepEqual(exact, ['a', ''])
})

test('no text makes a pattern throw', () => {
  const piece = fc.constantFrom('${', '}', 'aws:username', ',', "'", ' ', '*', '?', '$', 'x')
  const text = fc.oneof(
    fc.string(),
    fc.array(piece).map((pieces) => pieces.join('')),
  )
  fc.assert(
    fc.property(text, fc.boolean(), (pattern, variables) => {
      const compiled = compilePattern(pattern, variables)
      const resolved = resolvePattern(compiled, keys)
      assert.equal(compiled.text, pattern)
      assert.ok(resolved !== undefined || compiled.hasVariables)
    }),
    { numRuns: 2000 },
  )
})

/** Runs in a separate process, because the only way to stop a running regular expression is to end its process. */
const longTexts = `
  import { compilePattern } from '${new URL('pattern.ts', import.meta.url).href}'
  for (const text of ['\${'.repeat(40_000), '\${ '.repeat(27_000), '\${' + ' '.repeat(80_000)])
    if (compilePattern(text, true).hasVariables) process.exit(2)
`

test('parsing a string as long as a whole policy terminates', () => {
  const argv = ['--input-type=module', '-e', longTexts]
  const { status, signal, stderr } = spawnSync(process.execPath, argv, {
    encoding: 'utf8',
    timeout: 5000,
  })
  assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' })
})
