import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccessKey } from '../../api/types.ts'
import { statusFilter, unusedFilter } from './key-filters.ts'

const now = Date.UTC(2026, 5, 30)
const daysAgo = (days: number): number => now / 1000 - days * 86_400

function key(createdDaysAgo: number, usedDaysAgo?: number): AccessKey {
  return {
    AccessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    AccountId: '123456789012',
    UserName: 'alice',
    Status: 'Active',
    CreateDate: daysAgo(createdDaysAgo),
    HasPolicy: false,
    ...(usedDaysAgo !== undefined && { LastUsedDate: daysAgo(usedDaysAgo) }),
  }
}

test('a key is unused if its last use or, without any use, its creation is long ago', () => {
  const { matches } = unusedFilter(now)
  for (const [one, never, month, quarter] of [
    [key(200), true, true, true],
    [key(10), true, false, false],
    [key(200, 1), false, false, false],
    [key(200, 31), false, true, false],
    [key(200, 91), false, true, true],
  ] as const)
    assert.deepEqual(
      [matches(one, 'never'), matches(one, '30'), matches(one, '90')],
      [never, month, quarter],
    )
})

test('the status filter compares the status', () => {
  assert.equal(statusFilter.matches(key(1), 'Active'), true)
  assert.equal(statusFilter.matches(key(1), 'Inactive'), false)
})
