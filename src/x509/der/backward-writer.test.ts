import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { encodeBackwards, type BackwardWriter } from './backward-writer.ts'
import { tags } from './reader.ts'
import { encodeElement } from './writer.ts'

const seed = 20_261_130

/** An element: bytes, or further elements. */
type Tree = Uint8Array | readonly Tree[]

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'medium' },
    fc.uint8Array({ maxLength: 300, size: 'max' }),
    fc.array(tie('tree'), { maxLength: 6 }),
  ),
}))

function forwards(each: Tree): Uint8Array {
  return each instanceof Uint8Array
    ? encodeElement(0x04, each)
    : encodeElement(0x30, ...each.map(forwards))
}

function backwards(der: BackwardWriter, each: Tree): void {
  if (each instanceof Uint8Array) der.element(0x04, () => der.bytes(each))
  else
    der.element(0x30, () => {
      for (const part of each.toReversed()) backwards(der, part)
    })
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const written = (write: (der: BackwardWriter) => void): string => hexOf(encodeBackwards(write))

test('every structure has the bytes that it has when it is written forwards', () => {
  fc.assert(
    fc.property(tree, (each) => {
      assert.equal(
        written((der) => backwards(der, each)),
        hexOf(forwards(each)),
      )
    }),
    { seed, numRuns: 500 },
  )
})

test('lengths are minimal on both sides of each boundary, and in structures larger than the buffer', () => {
  for (const boundary of [0x80, 0x100, 4096, 0x1_00_00, 0x1_00_00_00])
    for (const length of [boundary - 2, boundary - 1, boundary, boundary + 1]) {
      const bytes = new Uint8Array(length).fill(7)
      const der = encodeBackwards((writer) => writer.element(0x04, () => writer.bytes(bytes)))
      assert.equal(Buffer.compare(der, encodeElement(0x04, bytes)), 0)
    }
})

/** Contents of an INTEGER (X.690 §8.3), by way of BigInt. */
function contentsOf(magnitude: Uint8Array): Buffer {
  const digits = BigInt(`0x0${Buffer.from(magnitude).toString('hex')}`).toString(16)
  const even = digits.length % 2 === 0 ? digits : `0${digits}`
  return Buffer.from(/^[89a-f]/.test(even) ? `00${even}` : even, 'hex')
}

test('integers and bit strings have the bytes that they have when they are written forwards', () => {
  const magnitude = fc
    .tuple(fc.nat(3), fc.uint8Array({ maxLength: 40 }))
    .map(([zeros, bytes]) => Buffer.concat([new Uint8Array(zeros), bytes]))
  fc.assert(
    fc.property(magnitude, (bytes) => {
      assert.equal(
        written((der) => der.unsigned(bytes)),
        hexOf(encodeElement(tags.integer, contentsOf(bytes))),
      )
      assert.equal(
        written((der) => der.bitString(bytes)),
        hexOf(encodeElement(tags.bitString, Uint8Array.of(0), bytes)),
      )
    }),
    { seed },
  )
})

test('a writer that throws leaves nothing behind for the next', () => {
  assert.throws(
    () =>
      encodeBackwards((der) => {
        der.ascii('left over')
        throw new RangeError('no such time')
      }),
    RangeError,
  )
  assert.equal(
    written((der) => der.ascii('a')),
    '61',
  )
})

test('a structure that is written while another is being written does not disturb it', () => {
  const inner = new Uint8Array(5000).fill(1)
  const outer = written((der) => {
    der.ascii('c')
    der.bytes(encodeBackwards((other) => other.bytes(inner)))
    der.ascii('a')
  })
  assert.equal(outer, `61${hexOf(inner)}63`)
})
