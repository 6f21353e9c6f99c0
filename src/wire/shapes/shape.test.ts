import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { ServiceError } from '../../errors.ts'
import { isStorableText, type StorableText } from '../../text/storable-text.ts'
import { decode } from './decode.ts'
import { echoedCharactersInAllMax, echoedCharactersMax } from './quote-value.ts'
import { encode } from './encode.ts'
import { fromQuery } from './form.ts'
import {
  blob,
  boolean,
  enumeration,
  integer,
  list,
  long,
  required,
  string,
  structure,
  timestamp,
  type Infer,
  type Shape,
} from './shape.ts'

function refused(shape: Shape, json: unknown): string {
  try {
    decode(shape, json)
  } catch (error) {
    if (error instanceof ServiceError) return `${error.code}: ${error.message}`
    throw error
  }
  return 'accepted'
}

const one = 'ValidationException: 1 validation error detected:'
const serialization = 'SerializationException:'

suite('types', () => {
  test('required members are present, and optional members are absent rather than undefined', () => {
    const shape = structure({
      Id: required(string()),
      Kind: enumeration(['A', 'B']),
      Parts: list(structure({ Bytes: required(blob()), At: timestamp() })),
      Count: long(),
    })
    interface Expected {
      readonly Id: StorableText
      readonly Kind?: 'A' | 'B'
      readonly Parts?: readonly { readonly Bytes: Uint8Array; readonly At?: Date }[]
      readonly Count?: number | bigint
    }
    type Same<A, B> = [A, B] extends [B, A] ? true : false
    const same: Same<Infer<typeof shape>, Expected> = true
    const value = decode(shape, {
      Id: 'x',
      Parts: [{ Bytes: 'YQ==', At: 1.5 }],
      Kind: null,
    })
    assert.ok(same)
    assert.deepEqual(value, { Id: 'x', Parts: [{ Bytes: Buffer.from('a'), At: new Date(1500) }] })
  })
})

suite('decode: wrong types', () => {
  const cases: readonly (readonly [Shape, unknown, string])[] = [
    [string(), 7, 'class java.lang.Integer can not be converted to a String'],
    [string(), 2 ** 31, 'class java.lang.Long can not be converted to a String'],
    [string(), 1.5, 'class java.lang.Double can not be converted to a String'],
    [enumeration(['A']), true, 'class java.lang.Boolean can not be converted to a String'],
    [string(), [], 'Start of list found where not expected'],
    [string(), {}, 'Start of structure or map found where not expected.'],
    [string(), '\ud800', 'String is not well-formed Unicode'],
    [integer(), '7', 'class java.lang.String can not be converted to an Integer'],
    [integer(), 7.5, 'class java.lang.Double can not be converted to an Integer'],
    [
      integer(),
      2 ** 31,
      'class java.lang.Long can not be converted to an Integer: value is out of range',
    ],
    [long(), '7', 'class java.lang.String can not be converted to a Long'],
    [long(), 2 ** 63, 'class java.lang.Long can not be converted to a Long: value is out of range'],
    [
      long(),
      Number.POSITIVE_INFINITY,
      'class java.lang.Double can not be converted to a Long: value is out of range',
    ],
    [boolean(), 'true', 'class java.lang.String can not be converted to a Boolean'],
    [boolean(), 1, 'class java.lang.Integer can not be converted to a Boolean'],
    [timestamp(), '2026', 'class java.lang.String can not be converted to a Date'],
    [
      timestamp(),
      1e300,
      'class java.lang.Long can not be converted to a Date: value is out of range',
    ],
    [list(string()), {}, 'Expected list or null'],
    [list(string()), 'a', 'Expected list or null'],
    [structure({}), [], 'Start of list found where not expected'],
    [structure({}), 'a', 'Expected structure or null'],
    [
      blob(),
      'YWJjZ',
      'class java.lang.String can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 bytes but found: 5',
    ],
  ]
  for (const [shape, json, text] of cases)
    test(`${JSON.stringify(json)}: ${text}`, () => {
      assert.equal(refused(shape, json), `${serialization} ${text}`)
    })

  for (const text of [
    'YQ=a',
    'Y===',
    '====',
    'YR==',
    'YWJ=',
    'YQ==YQ==',
    'YW-_',
    'YW-_YWJj',
    'YWJj\n\n\n\nYWJj',
    'YQ= ',
    '\nYQ=',
    'YWJé',
  ])
    test(`${JSON.stringify(text)} is not base64`, () => {
      assert.equal(
        refused(blob(), text),
        `${serialization} class java.lang.String can not be converted to a Blob: illegal base64 character`,
      )
    })

  test('a wrong type takes precedence over violated constraints', () => {
    const shape = structure({ A: string({ min: 3 }), B: integer(), C: required(string()) })
    assert.match(refused(shape, { A: 'a', B: 'b' }), /^SerializationException/)
  })

  test('text with U+0000 is reported once, by the pattern if the pattern excludes it', () => {
    const free = "1 validation error detected: Value '\0' at 'a"
    const shape = structure({
      A: string(),
      B: string({ max: 9, pattern: '[a-z]*' }),
      C: list(string()),
    })
    assert.equal(
      refused(shape, { A: '\0' }),
      `ValidationException: ${free}' failed to satisfy constraint: Member must not contain U+0000`,
    )
    assert.match(refused(shape, { B: '\0' }), /^ValidationException: 1 validation error.*pattern/)
    assert.match(
      refused(shape, { C: ['a', 'b\0'] }),
      /constraint: Member must satisfy constraint: \[Member must not contain U\+0000\]$/,
    )
  })

  test('a missing input is refused', () => {
    for (const json of [null, undefined])
      assert.equal(refused(structure({}), json), `${serialization} Expected a value`)
  })
})

suite('decode: values', () => {
  test('every blob is decoded from canonical base64', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        assert.deepEqual([...decode(blob(), Buffer.from(bytes).toString('base64'))], [...bytes])
      }),
    )
  })

  test('base64 needs valid characters, padding and unused bits of zero', () => {
    const unit = fc.constantFrom(...'A Q g w z 0 5 + / = = = - _ \n \0 é 中'.split(' '), ' ')
    const four = fc.string({ unit, minLength: 4, maxLength: 4 })
    const form =
      /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?$/
    fc.assert(
      fc.property(fc.array(four, { maxLength: 4 }), (groups) => {
        const text = groups.join('')
        assert.equal(refused(blob(), text) === 'accepted', form.test(text), JSON.stringify(text))
      }),
      { seed: 17, numRuns: 5000 },
    )
  })

  test('integers that a number cannot represent exactly become bigints', () => {
    assert.equal(decode(long(), 2 ** 53 - 1), 2 ** 53 - 1)
    assert.equal(decode(long(), 2 ** 53), 2n ** 53n)
    assert.equal(decode(long(), 2n ** 63n - 1n), 2n ** 63n - 1n)
    assert.equal(decode(long(), -(2n ** 63n)), -(2n ** 63n))
    assert.equal(decode(long(), 7n), 7)
    assert.ok(Object.is(decode(integer(), -0), 0))
    assert.equal(
      refused(long({ max: 9 }), 2n ** 60n),
      `${one} Value '1152921504606846976' at '' failed to satisfy constraint: Member must have value less than or equal to 9`,
    )
  })

  test('unknown members are ignored, with any name', () => {
    const shape = structure({ A: string() })
    const json: unknown = JSON.parse(
      '{"A":"a","__proto__":{"A":"b","polluted":1},"constructor":1,"b":[[]]}',
    )
    const value = decode(shape, json)
    assert.deepEqual(value, { A: 'a' })
    assert.equal(Object.getPrototypeOf(value), Object.prototype)
    assert.deepEqual(decode(shape, JSON.parse('{"__proto__":{"A":"inherited"}}')), {})
    assert.deepEqual(decode(structure({ toString: string() }), {}), {})
  })

  test('the content of an unknown member is ignored, at any depth', () => {
    const deep: unknown = JSON.parse('['.repeat(50_000) + ']'.repeat(50_000))
    const shape = structure({ Tags: list(structure({ Key: string() }), { max: 1 }) })
    assert.deepEqual(decode(shape, { Deep: deep }), {})
    assert.equal(
      refused(shape, { Tags: [{ Key: 'a', Deep: deep }, { Deep: deep }] }),
      `${one} Value '[{"Key":"a"}, {}]' at 'tags' failed to satisfy constraint: Member must have length less than or equal to 1`,
    )
    assert.match(refused(shape, { Tags: deep }), /^SerializationException: Start of list/)
  })
})

suite('decode: constraints', () => {
  test('all failures are reported with their paths', () => {
    const tag = structure({ Key: required(string({ min: 1, max: 3, pattern: '[a-z]*' })) })
    const shape = structure({
      CertificateAuthorityArn: required(string()),
      CRLSign: integer({ min: 1 }),
      Tags: list(tag, { min: 1, max: 2 }),
    })
    assert.equal(
      refused(shape, { CRLSign: 0, Tags: [{ Key: 'a' }, { Key: 'A' }, null, {}, { Key: 'ABCD' }] }),
      [
        "ValidationException: 8 validation errors detected: Value null at 'certificateAuthorityArn' failed to satisfy constraint: Member must not be null",
        "Value '0' at 'cRLSign' failed to satisfy constraint: Member must have value greater than or equal to 1",
        "Value 'A' at 'tags.2.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]*",
        "Value null at 'tags.3.member' failed to satisfy constraint: Member must not be null",
        "Value null at 'tags.4.member.key' failed to satisfy constraint: Member must not be null",
        "Value 'ABCD' at 'tags.5.member.key' failed to satisfy constraint: Member must have length less than or equal to 3",
        "Value 'ABCD' at 'tags.5.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]*",
        `Value '[{"Key":"a"}, {"Key":"A"}, null, {}, {"Key":"ABCD"}]' at 'tags' failed to satisfy constraint: Member must have length less than or equal to 2`,
      ].join('; '),
    )
  })

  test('length counts code points, bytes and items', () => {
    const lock = '\u{1F512}'
    assert.equal(refused(string({ min: 2, max: 2 }), lock + lock), 'accepted')
    assert.match(refused(string({ min: 2 }), lock), /greater than or equal to 2$/)
    assert.match(refused(string({ max: 2 }), lock.repeat(3)), /less than or equal to 2$/)
    assert.equal(refused(blob({ min: 2, max: 2 }), 'YWI='), 'accepted')
    assert.equal(
      refused(blob({ max: 1 }), 'YWI='),
      `${one} Value 'java.nio.HeapByteBuffer[pos=0 lim=2 cap=2]' at '' failed to satisfy constraint: Member must have length less than or equal to 1`,
    )
  })

  test('a surrogate pair is one code point next to any character', () => {
    const unit = fc.constantFrom('a', 'é', '中', '\u{1F512}', '\u{10FFFF}')
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 20 }), fc.nat(20), (text, limit) => {
        const { length } = Array.from(text)
        const [min, max] = [string({ min: limit }), string({ max: limit })]
        assert.equal(refused(min, text) === 'accepted', length >= limit)
        assert.equal(refused(max, text) === 'accepted', length <= limit)
      }),
      { seed: 17, numRuns: 1000 },
    )
  })

  test('a pattern must match the whole value', () => {
    const shape = string({ max: 9, pattern: 'a|b' })
    assert.equal(refused(shape, 'b'), 'accepted')
    for (const text of ['', 'ab', 'xa', 'bx', 'b\n', '\nb'])
      assert.match(refused(shape, text), /pattern: a\|b$/)
  })

  test('invalid scalars of a list are reported together, with all their constraints', () => {
    const shape = structure({ Names: list(string({ min: 2, max: 3 })) })
    const texts =
      'Member must have length greater than or equal to 2, Member must have length less than or equal to 3'
    assert.equal(
      refused(shape, { Names: ['ab', 'a', 'abcd'] }),
      `${one} Value '[ab, a, abcd]' at 'names' failed to satisfy constraint: Member must satisfy constraint: [${texts}]`,
    )
    assert.equal(
      refused(shape, { Names: [null] }),
      `${one} Value '[null]' at 'names' failed to satisfy constraint: Member must satisfy constraint: [Member must not be null, ${texts}]`,
    )
  })

  test('a value that is too long or too short is also checked against its pattern', () => {
    const shape = string({ min: 2, max: 2, pattern: '[A-Za-z]{2}' })
    const pattern = 'Member must satisfy regular expression pattern: [A-Za-z]{2}'
    for (const [text, length] of [
      ['aaa', 'Member must have length less than or equal to 2'],
      ['1', 'Member must have length greater than or equal to 2'],
      ['', 'Member must have length greater than or equal to 2'],
    ] as const)
      assert.equal(
        refused(shape, text),
        `ValidationException: 2 validation errors detected: Value '${text}' at '' failed to satisfy constraint: ${length}; ` +
          `Value '${text}' at '' failed to satisfy constraint: ${pattern}`,
      )
    assert.equal(
      refused(shape, '12'),
      `${one} Value '12' at '' failed to satisfy constraint: ${pattern}`,
    )
    // Very long text fails only its length constraint, and never causes a 500 response.
    assert.match(
      refused(shape, '\u{1F512}'.repeat(1_000_000)),
      /^\S+ 1 validation error .* equal to 2$/,
    )
    // Text that is too long can still match a pattern that has no length limit.
    assert.match(refused(string({ max: 2, pattern: '[a-z]*' }), 'abc'), /^\S+ 1 validation error /)
  })

  test('every violated constraint is reported, for any value', () => {
    const limits = fc.record({
      min: fc.nat(4),
      more: fc.nat(4),
      pattern: fc.constantFrom('[a-c]*', 'a+|b', '.'),
    })
    fc.assert(
      fc.property(
        limits,
        fc.string({ unit: fc.constantFrom('a', 'b', '1', '\u{1F512}'), maxLength: 12 }),
        ({ min, more, pattern }, text) => {
          const max = min + more
          const length = Array.from(text).length
          const expected = [
            ...(length < min ? [`greater than or equal to ${min}`] : []),
            ...(length > max ? [`less than or equal to ${max}`] : []),
            ...(new RegExp(`^(?:${pattern})$`, 'u').test(text) ? [] : [`pattern: ${pattern}`]),
          ]
          const message = refused(string({ min, max, pattern }), text)
          if (expected.length === 0) assert.equal(message, 'accepted')
          else {
            const parts = message.split('; ')
            assert.equal(parts.length, expected.length, message)
            for (const [at, part] of parts.entries())
              assert.ok(part.endsWith(expected[at] ?? ''), part)
          }
        },
      ),
      { seed: 15, numRuns: 1000 },
    )
  })

  test('quoted values are truncated at a limit, never within a character', () => {
    const shape = string({ max: 1 })
    const most = echoedCharactersMax
    assert.equal(refused(shape, 'a'.repeat(most)).match(/Value '(a+)' at/)?.[1]?.length, most)
    assert.equal(refused(shape, 'a'.repeat(most + 1)).match(/Value '(a+)…' at/)?.[1]?.length, most)
    const lock = refused(shape, `${'a'.repeat(most - 1)}\u{1F512}`)
    assert.equal(lock.match(/Value '(a+)…' at/)?.[1]?.length, most - 1)
    const items = Array.from({ length: 10_000 }, () => 'abc')
    assert.ok(refused(list(string(), { max: 1 }), items).length < most + 500)
  })

  test('the total length of the values quoted in one error is limited', () => {
    const shape = list(structure({ A: string({ max: 1, pattern: '[a-z]' }) }))
    const input = Array.from({ length: 40 }, () => ({ A: '\u{1F512}'.repeat(3000) }))
    const message = refused(shape, input)
    assert.match(message, /^ValidationException: 80 validation errors detected: /)
    assert.ok(message.length < echoedCharactersInAllMax + 50 * 200, String(message.length))
    assert.ok(message.includes("Value '…' at '25.member.a'"))
    assert.ok(message.isWellFormed())
  })

  test('fifty failures are listed, and all are counted', () => {
    const message = refused(
      list(structure({ A: required(string()) })),
      Array.from({ length: 70 }, () => ({})),
    )
    assert.match(message, /^ValidationException: 70 validation errors detected: /)
    assert.equal(message.match(/must not be null/g)?.length, 50)
    assert.ok(message.endsWith('; …'))
  })
})

suite('encode', () => {
  const shape = structure({
    Arn: string(),
    CreatedAt: timestamp(),
    Items: list(structure({ At: timestamp(), Value: string() })),
    Data: blob(),
  })

  test('instants are encoded as seconds, with milliseconds as a fraction', () => {
    assert.equal(
      JSON.stringify(encode(shape, { CreatedAt: new Date(1767258049096) })),
      '{"CreatedAt":1767258049.096}',
    )
    assert.deepEqual(encode(shape, { Items: [{ At: new Date(2000), Value: 'x' }] }), {
      Items: [{ At: 2, Value: 'x' }],
    })
  })

  test('undefined and undeclared members are not encoded', () => {
    const more = { Arn: undefined, Secret: 'x', Items: [{ Value: undefined, At: undefined }] }
    assert.deepEqual(Object.keys(encode(shape, more)), ['Items'])
    assert.equal(JSON.stringify(encode(shape, more)), '{"Items":[{}]}')
  })

  test('decode returns the encoded value', () => {
    const milliseconds = fc.integer({ min: 0, max: 4e12 }).map((at) => new Date(at))
    const value = fc.record(
      {
        Arn: fc.string({ unit: 'binary' }).filter(isStorableText),
        CreatedAt: milliseconds,
        Items: fc.array(
          fc.record(
            { At: milliseconds, Value: fc.string() },
            { requiredKeys: [], noNullPrototype: true },
          ),
        ),
        Data: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      },
      { requiredKeys: [], noNullPrototype: true },
    )
    fc.assert(
      fc.property(value, (members) => {
        assert.deepEqual(decode(shape, JSON.parse(JSON.stringify(encode(shape, members)))), members)
      }),
    )
  })
})

suite('fromQuery', () => {
  const shape = structure({
    Name: string(),
    Count: integer({ max: 9 }),
    Big: long(),
    Enabled: boolean(),
    At: timestamp(),
    Data: blob(),
    Kind: enumeration(['A']),
    Items: list(string()),
    Part: structure({}),
  })
  const read = (members: Record<string, string>): unknown =>
    decode(shape, fromQuery(shape, new Map(Object.entries(members))))

  test('text is converted to the type of its member', () => {
    assert.deepEqual(
      read({
        Name: '7',
        Count: '7',
        Big: '9007199254740993',
        Enabled: 'True',
        At: '12',
        Data: 'YQ==',
        Kind: 'A',
        'X-Other': 'x',
        toString: 'x',
      }),
      {
        Name: '7',
        Count: 7,
        Big: 9007199254740993n,
        Enabled: true,
        At: new Date(12_000),
        Data: Buffer.from('a'),
        Kind: 'A',
      },
    )
    assert.deepEqual(read({ Enabled: 'false' }), { Enabled: false })
  })

  test('text of the wrong type is refused by decode', () => {
    for (const Count of ['', 'x', '1.5', '0x7', ' 7', '1e1', '7\n'])
      assert.throws(() => read({ Count }), {
        code: 'SerializationException',
        message: 'class java.lang.String can not be converted to an Integer',
      })
    assert.throws(() => read({ Enabled: 'TRUE' }), { code: 'SerializationException' })
    assert.throws(() => read({ Count: '10' }), { code: 'ValidationException' })
  })

  test('lists and structures are refused in a query', () => {
    for (const name of ['Items', 'Part'])
      assert.throws(() => read({ [name]: '{}' }), {
        code: 'SerializationException',
        message: `${name} cannot be sent in a query string; send it in a JSON body`,
      })
  })
})
