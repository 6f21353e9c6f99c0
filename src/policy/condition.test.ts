import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseConditions, satisfies, type Condition } from './condition.ts'

function parse(value: unknown, variables = true) {
  const problems: string[] = []
  return {
    conditions: parseConditions(value, { name: 'Statement 1', variables, problems }),
    problems,
  }
}

function only(value: unknown): Condition {
  const { conditions, problems } = parse(value)
  assert.deepEqual(problems, [])
  return conditions[0] ?? assert.fail('no condition')
}

test('a block is parsed into one condition for each operator and key', () => {
  const { conditions, problems } = parse({
    StringEquals: { 'aws:UserName': ['alice', 'bob'], 'aws:PrincipalAccount': 123_456_789_012 },
    'ForAllValues:StringLikeIfExists': { 'aws:TagKeys': 'e*' },
    Null: { 'aws:TokenIssueTime': true },
  })
  assert.deepEqual(problems, [])
  assert.deepEqual(
    conditions.map(({ key, values, quantifier, ifExists }) => [
      key,
      values.map(({ text }) => text),
      quantifier,
      ifExists,
    ]),
    [
      ['aws:username', ['alice', 'bob'], undefined, false],
      ['aws:principalaccount', ['123456789012'], undefined, false],
      ['aws:tagkeys', ['e*'], 'all', true],
      ['aws:tokenissuetime', ['true'], undefined, false],
    ],
  )
})

test('an error message names the statement, the operator and the key', () => {
  assert.deepEqual(parse(null).problems, ['Statement 1: Condition must be an object.'])
  assert.deepEqual(parse({ Same: { 'aws:k': 'x' } }).problems, [
    "Statement 1: 'Same' must be a condition operator with an object of condition keys.",
  ])
  assert.deepEqual(parse({ NumericEquals: { 'aws:k': 'x', 'aws:l': '1' } }), {
    conditions: [only({ NumericEquals: { 'aws:l': '1' } })],
    problems: ["Statement 1: NumericEquals cannot have 'aws:k' with these values."],
  })
})

test('property names of Object.prototype are unknown operators', () => {
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
    assert.equal(parse(JSON.parse(`{"${name}":{"aws:k":"x"}}`)).problems.length, 1, name)
})

test('only operators on strings, ARNs and booleans replace variables, and only with version 2012-10-17', () => {
  const variable = '${aws:username}'
  for (const operator of ['NumericEquals', 'DateEquals', 'IpAddress', 'BinaryEquals', 'Null'])
    assert.equal(parse({ [operator]: { 'aws:k': variable } }).problems.length, 1, operator)
  for (const operator of ['StringEquals', 'StringNotLike', 'ArnLike', 'Bool'])
    assert.equal(only({ [operator]: { 'aws:k': variable } }).values[0]?.hasVariables, true)
  const old = parse({ StringEquals: { 'aws:k': variable } }, false).conditions
  assert.equal(old[0]?.values[0]?.hasVariables, false)
})

test('a variable without a value makes the result undefined; an absent key does not', () => {
  const condition = only({ StringEquals: { 'aws:k': '${aws:username}' } })
  assert.equal(satisfies(condition, new Map([['aws:k', ['x']]])), undefined)
  assert.equal(satisfies(condition, new Map()), false)
})

test('without a quantifier, the result must be the same for all values of a tag, in any order', () => {
  const operators = fc.constantFrom(
    'StringEquals',
    'StringNotEquals',
    'StringLike',
    'NumericLessThan',
  )
  const keys = fc.constantFrom(
    'aws:ResourceTag/Team',
    'aws:RequestTag/Team',
    'aws:PrincipalTag/Team',
    'aws:TagKeys',
  )
  const texts = fc.array(fc.constantFrom('1', '2', '3'), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(operators, keys, texts, (name, key, actual) => {
      const condition = only({ [name]: { [key]: '2' } })
      const answers = (values: readonly string[]): boolean | undefined =>
        satisfies(condition, new Map([[key.toLowerCase(), values]]))
      const each = new Set(actual.map((text) => answers([text])))
      const expected = each.size === 1 ? [...each][0] : undefined
      assert.equal(answers(actual), expected)
      assert.equal(answers(actual.toReversed()), expected)
    }),
    { seed: 1510 },
  )
})

test('with a quantifier, the result is undefined if only some of several tag values match', () => {
  const key = 'aws:ResourceTag/team'
  const tags = new Map([[key.toLowerCase(), ['blue', 'red']]])
  for (const quantifier of ['ForAnyValue', 'ForAllValues'])
    for (const name of ['StringEquals', 'StringNotEquals', 'StringLikeIfExists']) {
      const condition = only({ [`${quantifier}:${name}`]: { [key]: 'red' } })
      assert.equal(satisfies(condition, tags), undefined, `${quantifier}:${name}`)
    }
  const both = only({ 'ForAnyValue:StringEquals': { [key]: ['red', 'blue'] } })
  assert.equal(satisfies(both, tags), true)
  const keys = only({ 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'red' } })
  assert.equal(satisfies(keys, new Map([['aws:tagkeys', ['blue', 'red']]])), true)
})

const operator = fc.constantFrom('StringEquals', 'StringLike', 'NumericLessThan', 'IpAddress')
const value = fc.constantFrom('1', '2', '10.0.0.1')
const present = fc.array(value, { minLength: 1, maxLength: 4 })

function holds(name: string, wanted: unknown, actual: readonly string[]): boolean | undefined {
  const { conditions } = parse({ [name]: { 'aws:k': wanted } })
  const [condition] = conditions
  return condition && satisfies(condition, new Map([['aws:k', actual]]))
}

test('IfExists changes nothing for a key that exists, and ForAllValues implies ForAnyValue', () => {
  fc.assert(
    fc.property(operator, value, present, (name, wanted, actual) => {
      for (const qualifier of ['', 'ForAllValues:', 'ForAnyValue:'])
        assert.equal(
          holds(`${qualifier}${name}IfExists`, wanted, actual),
          holds(`${qualifier}${name}`, wanted, actual),
        )
      if (holds(`ForAllValues:${name}`, wanted, actual) === true)
        assert.equal(holds(`ForAnyValue:${name}`, wanted, actual), true)
    }),
  )
})

test('a negated operator is false for all values exactly when its positive form is true for any', () => {
  const pairs: [positive: string, negated: string][] = [
    ['StringEquals', 'StringNotEquals'],
    ['StringLike', 'StringNotLike'],
    ['StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase'],
  ]
  const wanted = fc.array(value, { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(
      fc.constantFrom(...pairs),
      wanted,
      present,
      ([positive, negated], texts, actual) => {
        assert.equal(
          holds(`ForAllValues:${negated}`, texts, actual),
          holds(`ForAnyValue:${positive}`, texts, actual) === false,
        )
        assert.equal(
          holds(`ForAnyValue:${negated}`, texts, actual),
          holds(`ForAllValues:${positive}`, texts, actual) === false,
        )
      },
    ),
  )
})
