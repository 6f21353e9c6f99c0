import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { array, assert as check, integer, property } from 'fast-check'
import { drawnAhead, systemRandom, uuid } from './random.ts'

test('shares that were handed out stay as they are, and none is handed out twice', () => {
  const draws = [
    ['buffers', (length: number) => randomBytes(length)],
    ['plain octets', (length: number) => Uint8Array.from(randomBytes(length))],
  ] as const
  for (const [what, draw] of draws)
    check(
      property(array(integer({ min: 16, max: 100 }), { maxLength: 600 }), (lengths) => {
        const random = drawnAhead(draw)
        const shares = lengths.map((length) => random.bytes(length))
        assert.deepEqual(
          shares.map(({ length }) => length),
          lengths,
        )
        const texts = new Set(shares.map((share) => Buffer.from(share).toString('hex', 0, 16)))
        assert.equal(texts.size, lengths.length, what)
        assert.ok(shares.every((share) => share.some((octet) => octet !== 0)))
      }),
      { numRuns: 20 },
    )
})

test('what was drawn is used in order, once, and nothing of it is kept', () => {
  const drawn: Uint8Array[] = []
  const random = drawnAhead((length) => {
    const octets = Uint8Array.from({ length }, (_, at) => at % 251)
    drawn.push(octets)
    return octets
  })
  assert.deepEqual([...random.bytes(3), ...random.bytes(2)], [0, 1, 2, 3, 4])
  assert.deepEqual([...(drawn[0] ?? new Uint8Array()).subarray(0, 6)], [0, 0, 0, 0, 0, 5])
  assert.equal(random.bytes(1000).length, 1000)
  assert.deepEqual([...random.bytes(1)], [5])
})

test('a UUID of the system is of version 4', () => {
  assert.match(
    uuid(systemRandom),
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
})
