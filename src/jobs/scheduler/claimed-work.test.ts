import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test, type TestContext } from 'node:test'
import { testServices } from '../../../test/support/services.ts'
import { systemRandom } from '../../random.ts'
import type { Database } from '../../store/database.ts'
import type { Sql } from '../../store/sql.ts'
import { retryAt, runClaimed, type ClaimedWork } from './claimed-work.ts'

const claim: Sql = { text: 'claim', values: [] }

/** Returns a job that works on `count` rows, with a database that renews the lease as long as `isHeld` returns true. */
function jobOver(t: TestContext, count: number, isHeld: () => boolean) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 })
  const sent: string[] = []
  const transaction: Database['transaction'] = (statements) => {
    const text = statements[0]?.text ?? ''
    sent.push(/set lease_until_ms|lease = null|claim/.exec(text)?.[0] ?? text)
    if (text === 'claim')
      return Promise.resolve([Array.from({ length: count }, (_, id) => ({ id }))])
    return Promise.resolve([isHeld() ? [{ lease: 'x' }] : []])
  }
  const woken: string[] = []
  const services = testServices({
    db: { transaction } as Database,
    clock: { now: () => new Date() },
    random: systemRandom,
    wake: (job: string) => void woken.push(job),
  })
  const stopping = new AbortController()
  const run = (work: ClaimedWork<number>['work']): ReturnType<typeof runClaimed> =>
    runClaimed(services, stopping.signal, {
      name: 'publish-crls',
      table: 'crls',
      batch: 3,
      parallel: 1,
      claim: () => claim,
      itemOf: ({ id }) => Number(id),
      work,
    })
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      t.mock.timers.tick(1000)
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
    }
  }
  return { run, pass, sent, woken, stopping }
}

test('long work renews its lease until the work is finished', async (t) => {
  const { run, pass, sent, woken } = jobOver(t, 3, () => true)
  const result = await run(async (item, _lease, going) => {
    if (item === 0) await pass(61)
    assert.equal(going.aborted, false)
    return 'done'
  })
  assert.deepEqual(result, { done: 3, failed: 0 })
  assert.deepEqual(woken, ['publish-crls'])
  assert.deepEqual(sent, ['claim', ...Array.from({ length: 20 }, () => 'set lease_until_ms')])
  await pass(60)
  assert.equal(sent.length, 21)
})

test('after a lost lease, running work is aborted and no more items are started', async (t) => {
  const { run, pass, sent } = jobOver(t, 3, () => false)
  const begun: number[] = []
  const result = await run(async (item, _lease, going) => {
    begun.push(item)
    await pass(3)
    assert.equal(going.aborted, true)
    return 'failed'
  })
  assert.deepEqual(result, { done: 0, failed: 1 })
  assert.deepEqual(begun, [0])
  assert.deepEqual(sent, ['claim', 'set lease_until_ms'])
})

test('a stopping server releases the items that it has not started', async (t) => {
  const { run, sent, stopping } = jobOver(t, 2, () => true)
  const result = await run((_item, _lease, going) => {
    stopping.abort()
    assert.equal(going.aborted, true)
    return Promise.resolve('done')
  })
  assert.deepEqual(result, { done: 1, failed: 0 })
  assert.deepEqual(sent, ['claim', 'lease = null'])
})

test('a run without due rows renews no lease', async (t) => {
  const { run, pass, sent, woken } = jobOver(t, 0, () => true)
  assert.deepEqual(await run(() => assert.fail('nothing is there')), { done: 0, failed: 0 })
  await pass(60)
  assert.deepEqual(sent, ['claim'])
  assert.deepEqual(woken, [])
})

test('the first retry follows after 5 seconds, and each delay doubles, up to 15 minutes', () => {
  const now = new Date(0)
  const seconds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => retryAt(now, n).getTime() / 1000)
  assert.deepEqual(seconds, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900])
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: Date.UTC(2200, 0) }),
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      (at, failures) => {
        const wait = retryAt(new Date(at), failures).getTime() - at
        assert.ok(wait >= 5000 && wait <= 900_000)
        assert.ok(wait <= retryAt(new Date(at), failures + 1).getTime() - at)
      },
    ),
  )
})
