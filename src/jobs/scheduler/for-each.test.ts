import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { forEachParallel } from './for-each.ts'

function numbers(length: number): number[] {
  return Array.from({ length }, (_, index) => index)
}

test('forEachParallel processes each item once, in order, and counts the results', async () => {
  const seen: number[] = []
  const result = await forEachParallel(numbers(10), { parallel: 3 }, async (item) => {
    seen.push(item)
    await setTimeout(item % 2)
    return item < 4 ? 'failed' : 'done'
  })
  assert.deepEqual(result, { done: 6, failed: 4 })
  assert.deepEqual(seen, numbers(10))
})

test('forEachParallel uses its limit of parallel items and never exceeds it', async () => {
  let running = 0
  let most = 0
  await forEachParallel(numbers(20), { parallel: 4 }, async () => {
    running += 1
    most = Math.max(most, running)
    await setTimeout(1)
    running -= 1
    return 'done'
  })
  assert.equal(most, 4)
})

test('a slow item does not delay the other items', async () => {
  const release = Promise.withResolvers<undefined>()
  const ended: number[] = []
  const all = forEachParallel(numbers(9), { parallel: 2 }, async (item) => {
    if (item === 0) await release.promise
    ended.push(item)
    if (ended.length === 8) release.resolve(undefined)
    return 'done'
  })
  assert.deepEqual(await all, { done: 9, failed: 0 })
  assert.deepEqual(ended, [1, 2, 3, 4, 5, 6, 7, 8, 0])
})

test('forEachParallel resolves for an empty list', async () => {
  const work = (): Promise<'done'> => Promise.reject(new Error('must not be called'))
  assert.deepEqual(await forEachParallel([], { parallel: 4 }, work), { done: 0, failed: 0 })
})

test('forEachParallel rejects with the error of an item and does not change the list of items', async () => {
  const items = numbers(3)
  await assert.rejects(
    forEachParallel(items, { parallel: 1 }, (item) =>
      item === 1 ? Promise.reject(new Error('no')) : Promise.resolve('done'),
    ),
    /^Error: no$/,
  )
  assert.deepEqual(items, [0, 1, 2])
})

test('forEachParallel waits for running items before it rejects', async () => {
  let running = 0
  const work = async (item: number): Promise<'done'> => {
    if (item === 0) throw new Error('no')
    running += 1
    await setTimeout(20)
    running -= 1
    return 'done'
  }
  await assert.rejects(forEachParallel(numbers(8), { parallel: 4 }, work), /^Error: no$/)
  assert.equal(running, 0)
})

test('forEachParallel starts no item after its signal is aborted', async () => {
  const stop = new AbortController()
  const seen: number[] = []
  const result = await forEachParallel(
    numbers(9),
    { parallel: 2, signal: stop.signal },
    async (item) => {
      seen.push(item)
      if (item === 3) stop.abort()
      await setTimeout(1)
      return 'done'
    },
  )
  assert.deepEqual(seen, [0, 1, 2, 3])
  assert.deepEqual(result, { done: 4, failed: 0 })
})
