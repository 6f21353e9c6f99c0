import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DerError } from '../der/error.ts'
import { contextTag } from '../der/reader.ts'
import { encodeElement, encodeSequence, encodeSmallInteger } from '../der/writer.ts'
import { encodeGeneralName } from '../names/general-name.ts'
import {
  encodeNameConstraints,
  parseNameConstraints,
  type GeneralSubtree,
} from './name-constraints.ts'
import { encodeName } from '../names/name.ts'
import { encodeOid, oids } from '../der/oid.ts'

const dns: GeneralSubtree = { kind: 'dNSName', content: Buffer.from('example.com') }
const base = encodeGeneralName(dns)
const permittedOf = (...subtrees: readonly Uint8Array[]): Uint8Array =>
  encodeSequence(encodeElement(contextTag(0, true), ...subtrees))

const visibleText = fc
  .string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) })
  .map((value) => Buffer.from(value, 'latin1'))

function maskOf(length: number, bits: number): number[] {
  return Array.from({ length }, (_, index) => {
    const ones = Math.max(0, Math.min(8, bits - 8 * index))
    return (0xff << (8 - ones)) & 0xff
  })
}

const masked = fc
  .constantFrom(4, 16)
  .chain((length) =>
    fc
      .tuple(
        fc.uint8Array({ minLength: length, maxLength: length }),
        fc.integer({ min: 0, max: length * 8 }),
      )
      .map(([address, bits]) => Uint8Array.from([...address, ...maskOf(length, bits)])),
  )

const subtree: fc.Arbitrary<GeneralSubtree> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('dNSName', 'rfc822Name', 'uniformResourceIdentifier'),
    content: visibleText,
  }),
  masked.map((content) => ({ kind: 'iPAddress' as const, content })),
  fc.string().map((value) => ({
    kind: 'directoryName' as const,
    content: encodeName([{ type: oids.commonName, value }]),
  })),
  fc.constant({ kind: 'registeredID' as const, content: encodeOid('1.2.3') }),
)

const constraints = fc
  .record({
    permitted: fc.array(subtree, { maxLength: 5 }),
    excluded: fc.array(subtree, { maxLength: 5 }),
  })
  .filter(({ permitted, excluded }) => permitted.length + excluded.length > 0)

const plain = (subtrees: readonly GeneralSubtree[]): unknown =>
  subtrees.map(({ kind, content }) => [kind, Buffer.from(content).toString('hex')])

test('name constraints survive a round trip', () => {
  fc.assert(
    fc.property(constraints, (value) => {
      const read = parseNameConstraints(encodeNameConstraints(value))
      assert.deepEqual(plain(read.permitted), plain(value.permitted))
      assert.deepEqual(plain(read.excluded), plain(value.excluded))
    }),
  )
})

test('truncated constraints are refused, and changed bytes are read or refused with a DerError', () => {
  fc.assert(
    fc.property(constraints, fc.nat(), fc.integer({ min: 0, max: 255 }), (value, at, byte) => {
      const der = encodeNameConstraints(value)
      assert.throws(() => parseNameConstraints(der.subarray(0, at % der.length)), DerError)
      const changed = Uint8Array.from(der)
      changed[at % der.length] = byte
      try {
        assert.deepEqual(encodeNameConstraints(parseNameConstraints(changed)), changed)
      } catch (error) {
        assert.ok(error instanceof DerError, String(error))
      }
    }),
  )
})

test('any bytes are read or refused with a DerError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (der) => {
      try {
        parseNameConstraints(der)
      } catch (error) {
        assert.ok(error instanceof DerError, String(error))
      }
    }),
  )
})

const number = (tag: number, value: number): Uint8Array =>
  encodeElement(contextTag(tag, false), encodeSmallInteger(value).subarray(2))

const refused: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['no list', encodeSequence(), /no subtree/],
  ['an empty list', permittedOf(), /permittedSubtrees has no subtree/],
  ['an empty subtree', permittedOf(encodeSequence()), /truncated/],
  ['a minimum of 0, which DER omits', permittedOf(encodeSequence(base, number(0, 0))), /min/],
  ['a minimum', permittedOf(encodeSequence(base, number(0, 1))), /minimum/],
  ['a maximum', permittedOf(encodeSequence(base, number(1, 9))), /maximum/],
  ['a base that is not a GeneralName', permittedOf(encodeSequence(encodeSequence())), /tag/],
  [
    'lists in the wrong order',
    encodeSequence(
      encodeElement(contextTag(1, true), encodeSequence(base)),
      encodeElement(contextTag(0, true), encodeSequence(base)),
    ),
    /trailing data/,
  ],
  [
    'more than 1000 subtrees',
    permittedOf(...Array.from({ length: 1001 }, () => encodeSequence(base))),
    /more than 1000/,
  ],
  [
    'trailing data',
    Buffer.concat([encodeNameConstraints({ permitted: [dns], excluded: [] }), base]),
    /trailing data/,
  ],
  ...[
    'c0000201',
    'c0000200ffffff0000',
    '0a000000ff00ff00',
    '0a000000ff000001',
    '0a0000007f000000',
  ].map((hex): readonly [string, Uint8Array, RegExp] => [
    `iPAddress ${hex}`,
    permittedOf(encodeSequence(encodeElement(contextTag(7, false), Buffer.from(hex, 'hex')))),
    /iPAddress of a subtree has/,
  ]),
]

for (const [name, der, message] of refused)
  test(`name constraints are refused: ${name}`, () => {
    assert.throws(
      () => parseNameConstraints(der),
      (error) => {
        assert.ok(error instanceof DerError)
        assert.match(error.message, message)
        return true
      },
    )
  })

test('both lists together may have at most 1000 subtrees', () => {
  const list = (length: number): GeneralSubtree[] => Array.from({ length }, () => dns)
  const most = encodeNameConstraints({ permitted: list(600), excluded: list(400) })
  assert.equal(parseNameConstraints(most).excluded.length, 400)
  assert.throws(
    () => encodeNameConstraints({ permitted: list(600), excluded: list(401) }),
    DerError,
  )
  assert.throws(() => encodeNameConstraints({ permitted: [], excluded: [] }), DerError)
  assert.throws(
    () => encodeNameConstraints({ permitted: [{ ...dns, kind: 'iPAddress' }], excluded: [] }),
    DerError,
  )
})
