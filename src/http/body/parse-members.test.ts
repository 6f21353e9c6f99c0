import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ServiceError } from '../../errors.ts'
import { membersOfBody } from './parse-members.ts'

function membersOf(text: string): unknown {
  return membersOfBody({ headers: new Map(), body: Buffer.from(text) })
}

const space = fc.constantFrom('', '', '', ' ', '\n', '\t', '\r\n  ')
const digits = fc.stringMatching(/^[1-9][0-9]{0,24}$/)
const number = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(digits, fc.constant('0'), fc.constantFrom('9007199254740991', '9007199254740992')),
    fc.constantFrom('', '', '', '.0', '.1234567890123456789', 'e2', 'E-3'),
  )
  .map((parts) => parts.join(''))
const text = fc
  .oneof(fc.string(), digits, fc.constantFrom('a:12345678901234567', ',[12345678901234567]', '{'))
  .map((value) => JSON.stringify(value))

/** JSON values as text, with arbitrary white space and arbitrarily long numbers. */
const { value, object } = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc
    .tuple(
      space,
      fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        number,
        text,
        fc.constantFrom('true', 'null'),
        fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
        tie('object'),
      ),
      space,
    )
    .map((parts) => parts.join('')),
  object: fc
    .array(fc.tuple(space, text, space, tie('value')), { maxLength: 4 })
    .map((members) => members.map(([a, name, b, one]) => `${a}${name}${b}:${one}`))
    .map((members) => `{${members.join(',')}}`),
}))

function exactInteger(_key: string, parsed: unknown, context?: { source?: string }): unknown {
  const source = context?.source ?? ''
  const isLong = typeof parsed === 'number' && !Number.isSafeInteger(parsed) && source.length <= 20
  return isLong && /^-?\d+$/.test(source) ? BigInt(source) : parsed
}

test('an integer beyond the exact range of a number is parsed as a bigint anywhere in a body', () => {
  fc.assert(
    fc.property(object, (body) => {
      assert.deepEqual(membersOf(body), JSON.parse(body, exactInteger))
    }),
    { seed: 17, numRuns: 2000 },
  )
  assert.deepEqual(membersOf('{"a":\n-9007199254740993,"b":[9007199254740993]}'), {
    a: -9007199254740993n,
    b: [9007199254740993n],
  })
})

test('a body that is not a JSON object is rejected with an empty message', () => {
  const others = fc.oneof(
    value.filter((json) => !json.trim().startsWith('{')),
    object.map((json) => `${json}}`),
  )
  fc.assert(
    fc.property(others, (body) => {
      assert.throws(
        () => membersOf(body),
        (error) =>
          error instanceof ServiceError &&
          error.code === 'SerializationException' &&
          error.message === '',
      )
    }),
    { seed: 17 },
  )
})
