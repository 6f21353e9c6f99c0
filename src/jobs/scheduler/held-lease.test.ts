import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Database } from '../../store/database.ts'
import type { Lease } from '../../store/leases.ts'
import type { Row } from '../../store/sql.ts'
import { holdLease } from './held-lease.ts'

const start = Date.UTC(2026, 0)

/**
 * Returns a lease that is `late` milliseconds old, a mock clock and a database. `answer` determines the database's response to
 * renewals.
 */
function held(t: TestContext, answer: () => Promise<Row[][]>, late = 0) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: start })
  const sent: unknown[] = []
  const transaction: Database['transaction'] = ([renewal]) => {
    sent.push(renewal?.values[0])
    return answer()
  }
  const clock = { now: () => new Date() }
  const now = new Date(start - late)
  const lease: Lease = { token: 'mine', now, until: new Date(now.getTime() + 20_000) }
  const db = { transaction } as Database
  const { lost, release } = holdLease({ db, clock }, 'crls', lease)
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      t.mock.timers.tick(1000)
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
    }
  }
  return { lost, release, sent, pass }
}

const renewed = (): Promise<Row[][]> => Promise.resolve([[{ lease: 'mine' }]])

test('a lease is renewed every three seconds until it is released', async (t) => {
  const { lost, release, sent, pass } = held(t, renewed)
  await pass(60)
  assert.equal(lost.aborted, false)
  assert.deepEqual(
    sent,
    Array.from({ length: 20 }, (_, index) => start + (index + 1) * 3000 + 20_000),
  )
  await release()
  await pass(60)
  assert.equal(sent.length, 20)
  assert.equal(lost.aborted, false)
})

test('a lease that another process has taken is lost', async (t) => {
  const { lost, sent, pass } = held(t, () => Promise.resolve([[]]))
  await pass(3)
  assert.equal(lost.aborted, true)
  assert.match(String(lost.reason), /LeaseLostError: another process has the lease/)
  await pass(60)
  assert.equal(sent.length, 1)
})

test('a failed renewal is retried, and the lease is given up long before another process may claim it', async (t) => {
  let isAway = true
  const { lost, sent, pass } = held(t, () =>
    isAway ? Promise.reject(new Error('away')) : renewed(),
  )
  await pass(8)
  isAway = false
  await pass(10)
  assert.equal(lost.aborted, false)
  isAway = true
  // The last renewal request was sent after 18 seconds.
  await pass(9)
  assert.equal(lost.aborted, false)
  await pass(1)
  assert.equal(lost.aborted, true)
  assert.match(String(lost.reason), /could not be renewed in time/)
  assert.equal(sent.length, 9)
})

test('a lease whose renewal receives no reply is given up in time, even if a late reply arrives', async (t) => {
  const answers: (() => void)[] = []
  const { lost, release, pass } = held(t, async () => {
    await new Promise<void>((resolve) => answers.push(resolve))
    return renewed()
  })
  await pass(9)
  assert.equal(lost.aborted, false)
  await pass(1)
  assert.equal(lost.aborted, true)
  answers.forEach((resolve) => resolve())
  await release()
  await pass(60)
  assert.equal(answers.length, 1)
})

test('the duration of the claim counts toward the lease', async (t) => {
  const { lost, pass } = held(t, () => new Promise(() => {}), 9000)
  await pass(1)
  assert.equal(lost.aborted, true)
})
