import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { encodeBackwards, type BackwardWriter } from './backward-writer.ts'
import { tags } from './reader.ts'
import { encodeElement } from './writer.ts'

const seed = 20_261_130

/** An element with bytes or nested elements as its contents. */
type Tree = Uint8Array | readonly Tree[]

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'medium' },
    fc.uint8Array({ maxLength: 300, size: 'max' }),
    fc.array(tie('tree'), { maxLength: 6 }),
  ),
}))

function encodeForwards(each: Tree): Uint8Array {
  return each instanceof Uint8Array
    ? encodeElement(0x04, each)
    : encodeElement(0x30, ...each.map(encodeForwards))
}

function writeBackwards(der: BackwardWriter, each: Tree): void {
  if (each instanceof Uint8Array) der.element(0x04, () => der.bytes(each))
  else
    der.element(0x30, () => {
      for (const part of each.toReversed()) writeBackwards(der, part)
    })
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const encodedHex = (write: (der: BackwardWriter) => void): string => hexOf(encodeBackwards(write))

test('every structure has the same bytes as the forward encoding', () => {
  fc.assert(
    fc.property(tree, (each) => {
      assert.equal(
        encodedHex((der) => writeBackwards(der, each)),
        hexOf(encodeForwards(each)),
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

/** Encodes the contents of an INTEGER (X.690 §8.3) with BigInt. */
function contentsOf(magnitude: Uint8Array): Buffer {
  const digits = BigInt(`0x0${Buffer.from(magnitude).toString('hex')}`).toString(16)
  const even = digits.length % 2 === 0 ? digits : `0${digits}`
  return Buffer.from(/^[89a-f]/.test(even) ? `00${even}` : even, 'hex')
}

test('integers and bit strings have the same bytes as the forward encoding', () => {
  const magnitude = fc
    .tuple(fc.nat(3), fc.uint8Array({ maxLength: 40 }))
    .map(([zeros, bytes]) => Buffer.concat([new Uint8Array(zeros), bytes]))
  fc.assert(
    fc.property(magnitude, (bytes) => {
      assert.equal(
        encodedHex((der) => der.unsigned(bytes)),
        hexOf(encodeElement(tags.integer, contentsOf(bytes))),
      )
      assert.equal(
        encodedHex((der) => der.bitString(bytes)),
        hexOf(encodeElement(tags.bitString, Uint8Array.of(0), bytes)),
      )
    }),
    { seed },
  )
})

test('a writer that throws leaves no bytes for the next writer', () => {
  assert.throws(
    () =>
      encodeBackwards((der) => {
        der.ascii('leftover')
        throw new RangeError('invalid time')
      }),
    RangeError,
  )
  assert.equal(
    encodedHex((der) => der.ascii('a')),
    '61',
  )
})

test('a structure can be encoded while another structure is being encoded', () => {
  const inner = new Uint8Array(5000).fill(1)
  const outer = encodedHex((der) => {
    der.ascii('c')
    der.bytes(encodeBackwards((other) => other.bytes(inner)))
    der.ascii('a')
  })
  assert.equal(outer, `61${hexOf(inner)}63`)
})
