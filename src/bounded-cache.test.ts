import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  createBoundedCache,
  createLoadingCache,
  createOwnedCaches,
  type LoadingCache,
} from './bounded-cache.ts'

test('get returns the latest value of a key or undefined, after any sequence of calls', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')
  const step = fc.record({ key, action: fc.constantFrom('get', 'set', 'delete') })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const cache = createBoundedCache<number>(4)
      const latest = new Map<string, number>()
      for (const [index, { key: name, action }] of steps.entries()) {
        const value = cache.get(name)
        assert.ok(value === undefined || value === latest.get(name))
        if (action === 'set') cache.set(name, index)
        if (action === 'set') latest.set(name, index)
        if (action === 'delete') cache.delete(name)
        if (action === 'delete') latest.delete(name)
      }
      const cachedKeys = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].filter(
        (name) => cache.get(name) !== undefined,
      )
      assert.ok(cachedKeys.length <= 4)
    }),
  )
})

test('the least recently used entries are evicted', () => {
  const cache = createBoundedCache<number>(4)
  for (let index = 0; index < 100; index += 1) {
    cache.set(`new ${index}`, index)
    if (index === 0) cache.set('used', -1)
    assert.equal(cache.get('used'), -1)
  }
  assert.equal(cache.get('new 99'), 99)
  assert.equal(cache.get('new 90'), undefined)
})

test('the total weight exceeds the limit by at most one value in each half', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')
  const step = fc.record({
    key,
    weight: fc.integer({ min: 1, max: 30 }),
    action: fc.constantFrom('get', 'set', 'delete'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const cache = createBoundedCache<number>(40, (_key, weight) => weight)
      for (const { key: name, weight, action } of steps) {
        if (action === 'set') cache.set(name, weight)
        if (action === 'set') assert.equal(cache.get(name), weight)
        if (action === 'get') cache.get(name)
        if (action === 'delete') cache.delete(name)
      }
      const weights = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => cache.get(name) ?? 0)
      assert.ok(weights.reduce((sum, weight) => sum + weight, 0) <= 40 + 2 * 30)
    }),
  )
})

test('heavy values evict earlier values sooner than light values do', () => {
  const cache = createBoundedCache<number>(1000, (_key, weight) => weight)
  for (let index = 0; index < 500; index += 1) cache.set(`light ${index}`, 1)
  cache.set('heavy', 499)
  assert.equal(cache.get('light 0'), 1)
  for (let index = 0; index < 3; index += 1) cache.set(`heavy ${index}`, 500)
  assert.equal(cache.get('light 1'), undefined)
})

function createRecordingCache(entriesMax: number): {
  cache: LoadingCache<symbol>
  loads: string[]
} {
  const loads: string[] = []
  const load = async (key: string): Promise<symbol> => {
    loads.push(key)
    await Promise.resolve()
    if (key === 'bad') throw new Error('bad')
    return Symbol(key)
  }
  return { cache: createLoadingCache({ entriesMax, load }), loads }
}

test('concurrent callers share one load, and later callers receive the cached value', async () => {
  const { cache, loads } = createRecordingCache(2)
  const found = await Promise.all([cache.get('a'), cache.get('a'), cache.get('a')])
  assert.equal(new Set([...found, await cache.get('a')]).size, 1)
  assert.deepEqual(loads, ['a'])
})

test('a full loading cache evicts the least recently used value', async () => {
  const { cache, loads } = createRecordingCache(2)
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await cache.get(key)
  assert.deepEqual(loads, ['a', 'b', 'c', 'b'])
})

test('a failed load is retried by the next call', async () => {
  const { cache, loads } = createRecordingCache(2)
  await assert.rejects(cache.get('bad'), /bad/)
  await assert.rejects(cache.get('bad'), /bad/)
  assert.deepEqual(loads, ['bad', 'bad'])
})

test('a deleted value is loaded again, even if it was deleted while it was loading', async () => {
  const { cache, loads } = createRecordingCache(2)
  await cache.get('a')
  cache.delete('a')
  cache.delete('none')
  const pending = cache.get('a')
  cache.delete('a')
  await pending
  await cache.get('a')
  assert.deepEqual(loads, ['a', 'a', 'a'])
})

test('each owner has its own cache', () => {
  const cacheOf = createOwnedCaches<number>(4)
  const [one, other] = [{}, {}]
  cacheOf(one).set('a', 1)
  assert.equal(cacheOf(one).get('a'), 1)
  assert.equal(cacheOf(other).get('a'), undefined)
})
