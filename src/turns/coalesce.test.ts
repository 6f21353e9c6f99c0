import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coalesce } from './coalesce.ts'

test('callers that wait share one run, which starts after their calls', async () => {
  const gates: ((value: number) => void)[] = []
  const read = coalesce(() => new Promise<number>((resolve) => gates.push(resolve)))
  const first = read()
  await new Promise(setImmediate)
  const others = Array.from({ length: 100 }, () => read())
  await new Promise(setImmediate)
  assert.equal(gates.length, 1)
  gates[0]?.(1)
  assert.equal(await first, 1)
  await new Promise(setImmediate)
  assert.equal(gates.length, 2)
  gates[1]?.(2)
  assert.deepEqual(new Set(await Promise.all(others)), new Set([2]))
})

test('a failed run is reported to its callers, and the next call runs again', async () => {
  let runs = 0
  const read = coalesce(() => {
    runs += 1
    return runs === 1 ? Promise.reject(new Error('failed')) : Promise.resolve(runs)
  })
  await assert.rejects(read(), /failed/)
  assert.equal(await read(), 2)
})
