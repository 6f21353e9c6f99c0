import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom, uuid, type Random } from './random.ts'

const sources: readonly (readonly [name: string, random: Random])[] = [
  ['the operating system', systemRandom],
  ['another source', { bytes: (length) => systemRandom.bytes(length) }],
]

for (const [name, random] of sources)
  test(`UUIDs from ${name} have version 4 and are unique`, () => {
    const ids = Array.from({ length: 1000 }, () => uuid(random))
    const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
    for (const id of ids) assert.match(id, form)
    assert.equal(new Set(ids).size, ids.length)
  })

test('a UUID contains the bytes of its random source', () => {
  const bytes = Uint8Array.from({ length: 16 }, (_, at) => at * 17)
  assert.equal(uuid({ bytes: () => bytes }), '00112233-4455-4677-8899-aabbccddeeff')
})
