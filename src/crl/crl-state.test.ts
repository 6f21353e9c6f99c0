import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CrlState } from '../store/crl-states.ts'
import { crlStatus, isLate } from './crl-state.ts'

const now = new Date(Date.UTC(2026, 0))
const minutes = (count: number): Date => new Date(now.getTime() + count * 60_000)

const current: CrlState = {
  id: 1,
  name: 'x',
  kind: 'COMPLETE',
  certificates: 0,
  dueAt: minutes(60),
  isChanged: false,
  failures: 0,
  retryAt: new Date(0),
  published: {
    number: 1,
    generatedAt: minutes(-60),
    nextUpdate: minutes(120),
    size: 1,
    entries: 0,
    bucket: 'b',
    key: 'k',
  },
}

test('the status of a CRL is that of its publication', () => {
  const cases: [Partial<CrlState>, string][] = [
    [{}, 'PUBLISHED'],
    [{ isChanged: true }, 'PENDING'],
    [{ published: undefined }, 'PENDING'],
    [{ isChanged: true, failures: 2 }, 'FAILED'],
    [{ dueAt: undefined, isChanged: true, failures: 1 }, 'SUSPENDED'],
  ]
  for (const [change, status] of cases) assert.equal(crlStatus({ ...current, ...change }), status)
})

test('a CRL is late ten minutes after its due time, and from its nextUpdate', () => {
  const expired = { ...current.published!, nextUpdate: now }
  const cases: [Partial<CrlState>, boolean][] = [
    [{}, false],
    [{ dueAt: minutes(-10) }, false],
    [{ dueAt: minutes(-11) }, true],
    [{ published: expired }, true],
    [{ published: expired, dueAt: undefined }, false],
    [{ published: undefined }, false],
    [{ published: { ...expired, nextUpdate: undefined } }, false],
  ]
  for (const [change, late] of cases) assert.equal(isLate({ ...current, ...change }, now), late)
})
