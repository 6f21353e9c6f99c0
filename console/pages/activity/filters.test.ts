import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasAny } from '../../lists/search-input.ts'
import { filterNames, inputOf } from './filters.ts'

const filters = (query: string): URLSearchParams => new URLSearchParams(query)

test('filters become members of ListRecordEntries, and the last day is included', () => {
  const { input } = inputOf(filters('principal=alice&kind=crl&from=2026-01-31&to=2026-01-31')) as {
    input: Record<string, number | string>
  }
  assert.deepEqual([input['Principal'], input['Kind']], ['alice', 'crl'])
  const start = new Date(2026, 0, 31).getTime() / 1000
  assert.equal(input['Since'], start)
  assert.equal(input['Until'], new Date(2026, 1, 1).getTime() / 1000)
  assert.equal(hasAny(filters('serial=01'), filterNames), true)
  assert.equal(hasAny(filters('serial=&tab=x'), filterNames), false)
})

test('an invalid date is a problem that names the filter', () => {
  for (const query of ['from=tomorrow', 'to=2026-13-01', 'from=2026-1-1'])
    assert.match(
      (inputOf(filters(query)) as { problem: Error }).problem.message,
      /^(?:from|to) must be a date such as 2026-01-31\.$/,
    )
})
