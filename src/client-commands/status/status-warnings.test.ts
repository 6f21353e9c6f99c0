/** Tests of the texts about jobs in `signet status`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jobWarning, jobWords } from './status-warnings.ts'

const job = { name: 'publish-crls', runs: 1, failures: 1, waiting: 0 }

test('the text about a failed job agrees with the numbers of runs and rows', () => {
  assert.equal(
    jobWords(job),
    'publish-crls: the only run failed since startup, and no row is waiting for the next run',
  )
  assert.equal(
    jobWords({ ...job, runs: 5, waiting: 1 }),
    'publish-crls: 1 of 5 runs failed since startup, and 1 row is waiting for the next run',
  )
  assert.match(
    jobWords({ ...job, runs: 5, failures: 2, waiting: 3 }),
    /2 of 5 runs .* 3 rows are waiting /,
  )
})

test('a job without waiting rows has recovered, so it causes no warning', () => {
  assert.deepEqual(jobWarning(job), [])
  assert.deepEqual(jobWarning({ ...job, waiting: 1 }), [
    'job publish-crls has failed once, and 1 row is waiting',
  ])
})
