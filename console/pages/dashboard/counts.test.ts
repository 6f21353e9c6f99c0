import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countPerPeriod, startOfDay } from './counts.ts'

const first = new Date(2026, 0, 1, 15, 30)
const at = (day: number, hour: number): number => new Date(2026, 0, day, hour).getTime() / 1000

test('times are counted in the local day in which they are', () => {
  const times = [at(1, 0), at(1, 23), at(2, 0), at(3, 12), at(31, 0)]
  const buckets = countPerPeriod(times, { first, days: 1, periods: 3 })
  assert.deepEqual(
    buckets.map(({ count }) => count),
    [2, 1, 1],
  )
  assert.deepEqual(buckets[0]?.start, new Date(2026, 0, 1))
})

test('weeks have seven days, and times outside all weeks are not counted', () => {
  const times = [at(1, 0) - 1, at(7, 23), at(8, 0), at(14, 23), at(15, 0)]
  const counts = countPerPeriod(times, { first, days: 7, periods: 2 }).map(({ count }) => count)
  assert.deepEqual(counts, [1, 2])
})

test('the start of a day is midnight, also across months', () => {
  assert.deepEqual(startOfDay(new Date(2026, 0, 31, 9), 1), new Date(2026, 1, 1))
})
