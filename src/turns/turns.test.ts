import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { barrier, batchMax, joinBatch } from './batch.ts'
import { createCollector } from './collector.ts'
import { oncePerTurn } from './once-per-turn.ts'
import { runPaced } from './paced.ts'

/** Starts `count` requests with `steps` steps each. Each step appends its number and the request's number to the journal. */
function start(count: number, steps: number, journal: string[]): Promise<unknown> {
  const request = async (number: number): Promise<void> => {
    await joinBatch()
    for (let step = 1; step <= steps; step += 1) {
      journal.push(`${step}.${number}`)
      await barrier
    }
  }
  return Promise.all([...Array(count).keys()].map(request))
}

test('requests of one turn run each step together, in the order in which they joined', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: batchMax }),
      fc.integer({ min: 1, max: 5 }),
      async (count, steps) => {
        const journal: string[] = []
        await start(count, steps, journal)
        const expected = [...Array(steps).keys()].flatMap((step) =>
          [...Array(count).keys()].map((number) => `${step + 1}.${number}`),
        )
        assert.deepEqual(journal, expected)
      },
    ),
    { seed: 17, numRuns: 30 },
  )
})

test('a request does not start before the end of the turn in which it joined the batch', async () => {
  const journal: string[] = []
  const requests = start(2, 1, journal)
  await Promise.resolve()
  assert.deepEqual(journal, [])
  await requests
  assert.deepEqual(journal, ['1.0', '1.1'])
})

test('requests beyond the limit of a batch start one turn later, and no request is lost', async () => {
  const journal: string[] = []
  const requests = start(2 * batchMax + 1, 1, journal)
  for (const count of [batchMax, 2 * batchMax, 2 * batchMax + 1]) {
    await turn()
    assert.equal(journal.length, count)
  }
  await requests
})

test('items collected in one turn are passed on together and in order, after the pending microtasks', async () => {
  const collected: (readonly number[])[] = []
  const add = createCollector<number>((items) => collected.push(items))
  const request = async (number: number): Promise<void> => {
    await joinBatch()
    for (let step = 0; step < number; step += 1) await barrier
    add(number)
    assert.deepEqual(collected, [])
  }
  await Promise.all([3, 1, 2].map(request))
  await turn()
  add(4)
  await turn()
  assert.deepEqual(collected, [[1, 2, 3], [4]])
})

test('oncePerTurn reads the value once in each turn', async () => {
  let reads = 0
  const value = oncePerTurn(() => (reads += 1))
  const request = async (steps: number): Promise<number> => {
    await joinBatch()
    for (let step = 0; step < steps; step += 1) await barrier
    return value()
  }
  assert.deepEqual(await Promise.all([0, 1, 5].map(request)), [1, 1, 1])
  assert.deepEqual(await Promise.all([0, 1].map(request)), [2, 2])
})

test('long work runs in order, in slices, and the event loop runs between the slices', async (t) => {
  let now = 0
  t.mock.method(performance, 'now', () => now)
  const journal: (number | string)[] = []
  const work = (number: number) => (): number => {
    now += 1.5
    journal.push(number)
    return number
  }
  const results = Promise.all([1, 2, 3, 4, 5].map((number) => runPaced(work(number))))
  await turn()
  journal.push('turn')
  assert.deepEqual(await results, [1, 2, 3, 4, 5])
  assert.deepEqual(journal, [1, 2, 3, 'turn', 4, 5])
})

test('work that throws rejects only its own promise, and work longer than a slice delays only its slice', async (t) => {
  let now = 0
  t.mock.method(performance, 'now', () => now)
  const failing = runPaced(() => {
    throw new RangeError('no such key')
  })
  const long = runPaced(() => (now += 1000))
  const last = runPaced(() => 'done')
  await assert.rejects(failing, /no such key/)
  assert.equal(await long, 1000)
  assert.equal(await last, 'done')
})
