import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decode } from './decode.ts'
import { fromForm } from './form.ts'
import { boolean, integer, list, required, string, structure } from './shape.ts'

const shape = structure({
  Name: required(string({ max: 10 })),
  Count: integer({ max: 100 }),
  On: boolean(),
  Tags: list(structure({ Key: required(string()), Value: string() }), { max: 3 }),
  Keys: list(string(), { max: 3 }),
  Inner: structure({ Deep: list(list(string())) }),
})

const form = (pairs: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(pairs))

test('members, nested members and list elements are found by their parameter names', () => {
  assert.deepEqual(
    fromForm(
      shape,
      form({
        Action: 'x',
        Name: 'a',
        Count: '5',
        On: 'true',
        'Tags.member.1.Key': 'k',
        'Tags.member.1.Value': 'v',
        'Tags.member.2.Key': 'l',
        'Keys.member.1': 'one',
        'Inner.Deep.member.1.member.1': 'd',
      }),
    ),
    {
      Name: 'a',
      Count: 5,
      On: true,
      Tags: [{ Key: 'k', Value: 'v' }, { Key: 'l' }],
      Keys: ['one'],
      Inner: { Deep: [['d']] },
    },
  )
})

test('a parameter without a value is an empty list, and a gap ends a list', () => {
  assert.deepEqual(fromForm(shape, form({ Keys: '' })), { Keys: [] })
  assert.deepEqual(fromForm(shape, form({ Keys: 'x' })), {})
  assert.deepEqual(fromForm(shape, form({ 'Keys.member.1': 'a', 'Keys.member.3': 'c' })), {
    Keys: ['a'],
  })
  assert.deepEqual(fromForm(shape, form({ 'Keys.member.2': 'a' })), {})
})

test('a value that violates a constraint or is not a number is refused, and the error names its member', () => {
  const many = Object.fromEntries(
    Array.from({ length: 300 }, (_, at) => [`Keys.member.${at + 1}`, 'x']),
  )
  assert.throws(() => decode(shape, fromForm(shape, form({ Name: 'a', ...many }))), /'keys' failed/)
  assert.throws(() => decode(shape, fromForm(shape, form({ Name: 'a', Count: 'many' }))), {
    code: 'SerializationException',
  })
  assert.throws(() => decode(shape, fromForm(shape, form({}))), /Value null at 'name'/)
})

const values = fc.record(
  {
    Name: fc.string({ maxLength: 10 }),
    Count: fc.integer({ min: -100, max: 100 }),
    On: fc.boolean(),
    Tags: fc.array(fc.record({ Key: fc.string(), Value: fc.string() }, { noNullPrototype: true }), {
      minLength: 1,
      maxLength: 3,
    }),
    Keys: fc.array(fc.string(), { maxLength: 3 }),
  },
  { requiredKeys: ['Name'], noNullPrototype: true },
)

/** Encodes a value as clients of the Query protocol do. */
function written(value: unknown, name: string): [string, string][] {
  if (Array.isArray(value) && value.length === 0) return [[name, '']]
  if (Array.isArray(value))
    return value.flatMap((item, at) => written(item, `${name}.member.${at + 1}`))
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, member]) =>
      written(member, name === '' ? key : `${name}.${key}`),
    )
  return [[name, String(value)]]
}

test('encoded parameters are decoded to the same values', () => {
  fc.assert(
    fc.property(values, (value) => {
      const parameters = new Map(written(value, ''))
      assert.deepEqual(decode(shape, fromForm(shape, parameters)), value)
    }),
  )
})
