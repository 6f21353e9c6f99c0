import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessKeyOf } from '../../test/support/callers.ts'
import { createFreshCache } from './one-second-cache.ts'

const key = accessKeyOf()

function setUp(entriesMax = 10) {
  const state = { milliseconds: 1_000_000, searches: [] as string[], failing: false }
  const find = async (id: string) => {
    state.searches.push(id)
    if (state.failing) throw new Error('no database')
    return id === key.accessKeyId ? key : undefined
  }
  const clock = { now: () => new Date(state.milliseconds) }
  return { state, cached: createFreshCache(find, { clock, entriesMax }) }
}

test('a found key and a missing key are both cached for less than a second', async () => {
  const { state, cached } = setUp()
  for (const id of ['AKIDEXAMPLE', 'NOBODY', 'AKIDEXAMPLE', 'NOBODY'])
    assert.equal(await cached(id), id === 'NOBODY' ? undefined : key)
  assert.deepEqual(state.searches, ['AKIDEXAMPLE', 'NOBODY'])
  state.milliseconds += 999
  await cached('AKIDEXAMPLE')
  assert.equal(state.searches.length, 2)
  state.milliseconds += 1
  await cached('AKIDEXAMPLE')
  assert.equal(state.searches.length, 3)
})

test('an entry whose time is in the future is fetched again', async () => {
  const { state, cached } = setUp()
  await cached('AKIDEXAMPLE')
  state.milliseconds -= 3_600_000
  await cached('AKIDEXAMPLE')
  assert.equal(state.searches.length, 2)
})

test('concurrent requests share one lookup', async () => {
  const { state, cached } = setUp()
  assert.deepEqual(await Promise.all([cached('AKIDEXAMPLE'), cached('AKIDEXAMPLE')]), [key, key])
  assert.equal(state.searches.length, 1)
})

test('a failed lookup is not cached', async () => {
  const { state, cached } = setUp()
  state.failing = true
  await assert.rejects(cached('AKIDEXAMPLE'), /no database/)
  state.failing = false
  assert.equal(await cached('AKIDEXAMPLE'), key)
})

test('the cache keeps the most recently used entries, up to its limit', async () => {
  const { state, cached } = setUp(2)
  for (const id of ['A', 'B', 'A', 'C', 'A', 'B']) await cached(id)
  assert.deepEqual(state.searches, ['A', 'B', 'C', 'B'])
})
