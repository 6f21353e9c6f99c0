import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createBoundedCache } from './bounded-cache.ts'

test('the latest value of a key is found, or none, whatever was done before', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')
  const step = fc.record({ key, action: fc.constantFrom('get', 'set', 'delete') })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const cache = createBoundedCache<number>(4)
      const latest = new Map<string, number>()
      for (const [at, { key: name, action }] of steps.entries()) {
        const found = cache.get(name)
        assert.ok(found === undefined || found === latest.get(name))
        if (action === 'set') cache.set(name, at)
        if (action === 'set') latest.set(name, at)
        if (action === 'delete') cache.delete(name)
        if (action === 'delete') latest.delete(name)
      }
      const kept = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].filter(
        (name) => cache.get(name) !== undefined,
      )
      assert.ok(kept.length <= 4)
    }),
  )
})

test('what is used stays, what is not goes', () => {
  const cache = createBoundedCache<number>(4)
  for (let at = 0; at < 100; at += 1) {
    cache.set(`new ${at}`, at)
    if (at === 0) cache.set('used', -1)
    assert.equal(cache.get('used'), -1)
  }
  assert.equal(cache.get('new 99'), 99)
  assert.equal(cache.get('new 90'), undefined)
})
