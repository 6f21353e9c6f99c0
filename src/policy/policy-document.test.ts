import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parsePolicy } from './policy-document.ts'
import { matchesWildcard } from './wildcard.ts'

const allowAll = { Effect: 'Allow', Action: '*', Resource: '*' }

function policy(...statements: unknown[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

test('a wildcard pattern matches only the whole text', () => {
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

test('wildcards match like the equivalent regular expression', () => {
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

test('matching many wildcards against a long text terminates', () => {
  assert.equal(matchesWildcard('*a'.repeat(10_000), `${'a'.repeat(2_000)}b`), false)
})

test('a valid policy has no problems', () => {
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

test('an invalid document has no statements and reports the reason', () => {
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
    [policy({ Effect: 'Allow', Resource: '*' }), /Statement 1: Action or NotAction must be/],
    [policy({ Effect: 'Allow', Action: [], Resource: '*' }), /Action or NotAction must be/],
    [policy({ Effect: 'Allow', Action: ['*', 1], Resource: '*' }), /Action or NotAction must be/],
    [policy({ ...allowAll, NotAction: 's3:*' }), /Action or NotAction must be/],
    [policy({ Effect: 'Allow', NotAction: [], Resource: '*' }), /Action or NotAction must be/],
    [policy({ Effect: 'Allow', Action: '*' }), /Resource or NotResource must be/],
    [policy({ ...allowAll, NotResource: '*' }), /Resource or NotResource must be/],
    [' '.repeat(81_921), /at most 81920 characters/],
  ]
  for (const [text, problem] of broken) {
    const parsed = parsePolicy(text)
    assert.deepEqual(parsed.statements, [], text)
    assert.match(parsed.problems.join('\n'), problem)
  }
})

test('a resource policy needs a principal', () => {
  for (const principal of [undefined, 'alice', [], null, 5]) {
    const parsed = parsePolicy(policy({ ...allowAll, Principal: principal }), 'resource')
    assert.deepEqual(parsed.statements, [])
    assert.match(parsed.problems.join('\n'), /Statement 1: Principal or NotPrincipal must be/)
  }
  const both = policy({ ...allowAll, Effect: 'Deny', Principal: '*', NotPrincipal: '*' })
  assert.deepEqual(parsePolicy(both, 'resource').statements, [])
  const deny = { ...allowAll, Effect: 'Deny', NotPrincipal: { AWS: '1'.repeat(12) } }
  const sound = parsePolicy(policy(deny), 'resource')
  assert.deepEqual(sound.problems, [])
  assert.equal(sound.statements[0]?.principals?.negated, true)
})

const unclear: [statement: object, problem: RegExp][] = [
  [{ ...allowAll, Condition: [] }, /Condition must be an object\. The statement allows nothing/],
  [{ ...allowAll, Effect: 'Deny', Condition: 1 }, /The statement denies everything/],
  [
    { ...allowAll, Condition: { StringIs: {} } },
    /Statement 1: 'StringIs' must be a condition operator with an object of condition keys/,
  ],
  [
    { ...allowAll, Condition: { Bool: { 'aws:SecureTransport': 'yes' } } },
    /Statement 1: Bool cannot have 'aws:SecureTransport' with these values/,
  ],
  [{ ...allowAll, Principal: '*' }, /the element 'Principal', which Signet does not support/],
  [{ ...allowAll, NotPrincipal: '*' }, /'NotPrincipal'/],
  [{ ...allowAll, action: 'x' }, /'action'/],
  [{ ...allowAll, Action: 'Issue*' }, /Action 'Issue\*' is neither/],
  [{ ...allowAll, Action: '*:Issue' }, /Action '\*:Issue'/],
  [{ Effect: 'Allow', NotAction: 'x', Resource: '*' }, /Action 'x'/],
  [{ ...allowAll, Resource: 'arn:aws:acm-pca:*' }, /Resource 'arn:aws:acm-pca:\*' is neither/],
  [{ Effect: 'Allow', Action: '*', NotResource: 'x' }, /Resource 'x'/],
]

test('a statement with an unknown element is marked and reported', () => {
  for (const [statement, problem] of unclear) {
    const parsed = parsePolicy(policy(statement))
    assert.equal(parsed.statements[0]?.understood, false, JSON.stringify(statement))
    assert.match(parsed.problems.join('\n'), problem)
  }
})

test('duplicate JSON members are rejected, because JSON.parse drops the first one', () => {
  const condition = '{"StringEquals":{"aws:a":"x"},"StringEquals":{"aws:b":"y"}}'
  const twice = [
    `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":${condition}}}`,
    '{"Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}',
    String.raw`{"Statement":{"Effect":"Deny","\u0045ffect":"Allow","Action":"*","Resource":"*"}}`,
    `{"Statement":${JSON.stringify({ ...allowAll, Effect: 'Deny' })},"Statement":${JSON.stringify(allowAll)}}`,
  ]
  for (const text of twice) assert.notDeepEqual(parsePolicy(text).problems, [], text)
})

test('text that only resembles duplicate members is accepted', () => {
  const sid = '","Effect":"Allow","Effect":"{[\\\\'
  const texts = [
    policy({ ...allowAll, Sid: sid }, allowAll),
    policy({ ...allowAll, Action: ['*', '*'], Sid: 'Sid' }),
    policy({ ...allowAll, Condition: { Bool: { 'aws:k': 'true' }, Null: { 'aws:k': 'true' } } }),
  ]
  for (const text of texts) assert.deepEqual(parsePolicy(text).problems, [], text)
})

test('a policy reports whether it uses resource tags', () => {
  const asks = (more: object): boolean =>
    parsePolicy(policy({ ...allowAll, ...more }, allowAll)).asksForResourceTags
  assert.equal(asks({}), false)
  assert.equal(asks({ Condition: { StringEquals: { 'aws:RequestTag/Env': 'x' } } }), false)
  assert.equal(asks({ Condition: { StringEquals: { 'aws:ResourceTag/Env': 'x' } } }), true)
  const variable = '${aws:resourceTag/cost centre}'
  assert.equal(asks({ Condition: { StringEquals: { 'aws:k': variable } } }), true)
  assert.equal(asks({ Resource: `arn:aws:acm-pca:*:*:${variable}` }), true)
})

test('a trust policy has principals and no resource', () => {
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: '123456789012' } }
  assert.deepEqual(parsePolicy(policy(trust), 'trust').problems, [])
  assert.equal(parsePolicy(policy(trust), 'trust').statements.length, 1)
  assert.match(
    parsePolicy(policy({ ...trust, Resource: '*' }), 'trust').problems.join(),
    /has the element 'Resource', which Signet does not support/,
  )
  const { Principal: _principal, ...nobody } = trust
  assert.deepEqual(parsePolicy(policy(nobody), 'trust').statements, [])
})

test('Id and Sid are strings', () => {
  const statement = { ...allowAll, Sid: 5 }
  assert.deepEqual(parsePolicy(policy(statement)).statements, [])
  assert.deepEqual(parsePolicy(JSON.stringify({ Id: 5, Statement: allowAll })).statements, [])
})

test('no text makes the parser throw', () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.jsonValue().map((value) => policy(value)),
  )
  fc.assert(
    fc.property(text, fc.constantFrom('identity', 'resource'), (value, kind) => {
      const parsed = parsePolicy(value, kind)
      // The parser reports why a document is invalid.
      assert.ok(parsed.statements.length > 0 || parsed.problems.length > 0)
    }),
  )
})
