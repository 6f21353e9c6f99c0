import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parsePolicy } from './policy.ts'
import { matchesWildcard } from './wildcard.ts'

const allowAll = { Effect: 'Allow', Action: '*', Resource: '*' }

function policy(...statements: unknown[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

test('wildcards match as a whole', () => {
  const cases: [pattern: string, text: string, matches: boolean][] = [
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a*c', 'abcbc', true],
    ['a*c', 'abcb', false],
    ['*ab*', 'xxabyy', true],
    ['?', '*', true],
    ['a.c', 'abc', false],
  ]
  for (const [pattern, text, matches] of cases)
    assert.equal(matchesWildcard(pattern, text), matches, `${pattern} ~ ${text}`)
})

test('wildcards match as the regular expression that they stand for', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 12 })
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 })
  fc.assert(
    fc.property(letters, text, (pattern, value) => {
      const expression = pattern.replaceAll('?', '.').replaceAll(/\*+/g, '.*')
      assert.equal(matchesWildcard(pattern, value), new RegExp(`^${expression}$`).test(value))
    }),
    { numRuns: 2000 },
  )
})

test('many wildcards against a long text come to an end', () => {
  assert.equal(matchesWildcard('*a'.repeat(10_000), `${'a'.repeat(2_000)}b`), false)
})

test('a sound policy has no problems', () => {
  const sound = [
    policy(allowAll),
    JSON.stringify({ Id: 'x', Statement: { Sid: 'one', ...allowAll } }),
    policy({
      Effect: 'Deny',
      Action: ['acm-pca:Delete*', 'acm-pca:Issue?ertificate'],
      Resource: ['arn:aws:acm-pca:*:123456789012:certificate-authority/*'],
    }),
  ]
  for (const text of sound) assert.deepEqual(parsePolicy(text).problems, [], text)
})

test('what is no policy has no statements and says why', () => {
  const broken: [text: string, problem: RegExp][] = [
    ['', /must be a JSON object/],
    ['[]', /must be a JSON object/],
    ['null', /must be a JSON object/],
    ['{}', /must have a Statement/],
    [policy(), /must have a Statement/],
    [JSON.stringify({ Version: '2020-01-01', Statement: allowAll }), /Version must be/],
    [JSON.stringify({ Rules: 1, Statement: allowAll }), /unknown element 'Rules'/],
    [policy('Allow'), /Statement 1 must be an object/],
    [policy(allowAll, { ...allowAll, Effect: 'allow' }), /Statement 2: Effect must be/],
    [policy({ Effect: 'Allow', Resource: '*' }), /Statement 1: Action must be/],
    [policy({ Effect: 'Allow', Action: [], Resource: '*' }), /Action must be/],
    [policy({ Effect: 'Allow', Action: ['*', 1], Resource: '*' }), /Action must be/],
    [policy({ Effect: 'Allow', Action: '*' }), /Resource must be/],
    [' '.repeat(20_481), /at most 20480 characters/],
  ]
  for (const [text, problem] of broken) {
    const parsed = parsePolicy(text)
    assert.deepEqual(parsed.statements, [], text)
    assert.match(parsed.problems.join('\n'), problem)
  }
})

test('a statement with what is not evaluated is marked and reported', () => {
  const unclear: [statement: object, problem: RegExp][] = [
    [
      { ...allowAll, Condition: {} },
      /'Condition', which is not evaluated\. The statement allows nothing/,
    ],
    [{ ...allowAll, Effect: 'Deny', Condition: {} }, /The statement denies everything/],
    [{ Effect: 'Allow', NotAction: 'x', Resource: '*' }, /'NotAction'/],
    [{ Effect: 'Allow', Action: '*', NotResource: 'x' }, /'NotResource'/],
    [{ ...allowAll, Principal: '*' }, /'Principal'/],
    [{ ...allowAll, action: 'x' }, /'action'/],
    [{ ...allowAll, Action: 'Issue*' }, /Action 'Issue\*'/],
    [{ ...allowAll, Action: '*:Issue' }, /Action '\*:Issue'/],
    [{ ...allowAll, Resource: 'arn:aws:acm-pca:*' }, /Resource 'arn:aws:acm-pca:\*'/],
    [{ ...allowAll, Resource: 'arn:aws:acm-pca:::${aws:username}' }, /is neither an ARN/],
  ]
  for (const [statement, problem] of unclear) {
    const parsed = parsePolicy(policy(statement))
    assert.equal(parsed.statements[0]?.evaluated, false)
    assert.match(parsed.problems.join('\n'), problem)
  }
})

test('no text makes the parser throw', () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.jsonValue().map((value) => policy(value)),
  )
  fc.assert(fc.property(text, (value) => Array.isArray(parsePolicy(value).problems)))
})
