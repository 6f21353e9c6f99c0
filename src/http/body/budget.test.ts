import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createBodyBudget, type BodyLease } from './budget.ts'

test('the budget evicts the oldest incomplete bodies, and no more than necessary', () => {
  const budget = createBodyBudget(100)
  const evicted: string[] = []
  const open = (name: string): BodyLease => budget.open(() => void evicted.push(name))
  const [first, second, third] = [open('first'), open('second'), open('third')]
  for (const lease of [first, second, third]) assert.equal(lease.grow(30), true)
  assert.equal(third.grow(20), true)
  assert.deepEqual([evicted, budget.held], [['first'], 80])
  first.release()
  assert.equal(budget.held, 80, 'an evicted body does not return its bytes twice')
})

test('the budget never evicts a complete body, and rejects a body that does not fit', () => {
  const budget = createBodyBudget(100)
  const evicted: string[] = []
  const answered = budget.open(() => void evicted.push('answered'))
  answered.grow(90)
  answered.complete()
  const incoming = budget.open(() => void evicted.push('incoming'))
  assert.equal(incoming.grow(20), false)
  assert.deepEqual([evicted, budget.held], [[], 90])
  answered.release()
  assert.equal(incoming.grow(20), true)
})

test('a lease for a complete body is never evicted, and evicts incomplete bodies', () => {
  const budget = createBodyBudget(100)
  const evicted: string[] = []
  budget.open(() => void evicted.push('incoming')).grow(60)
  const complete = budget.open()
  assert.equal(complete.grow(90), true)
  assert.deepEqual([evicted, budget.held], [['incoming'], 90])
  assert.equal(budget.open(() => void evicted.push('late')).grow(20), false)
  complete.release()
  assert.deepEqual([evicted, budget.held], [['incoming'], 0])
})

test('the budget is never exceeded, and all bytes are returned to it', () => {
  const step = fc.record({
    lease: fc.nat(9),
    what: fc.constantFrom('grow', 'complete', 'release'),
    bytes: fc.nat(60),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const budget = createBodyBudget(100)
      const gone = new Set<number>()
      const leases = Array.from({ length: 10 }, (_, number) => budget.open(() => gone.add(number)))
      for (const { lease: number, what, bytes } of steps) {
        const lease = leases[number] ?? assert.fail()
        if (gone.has(number)) continue
        if (what === 'grow') lease.grow(bytes)
        else if (what === 'complete') lease.complete()
        else {
          lease.release()
          gone.add(number)
        }
        assert.ok(budget.held >= 0 && budget.held <= 100)
      }
      for (const lease of leases) lease.release()
      assert.equal(budget.held, 0)
    }),
    { seed: 15 },
  )
})
