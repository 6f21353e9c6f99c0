import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { testServices } from '../../../test/support/services.ts'
import { TestDatabase } from '../../../test/support/database.ts'
import { createLog } from '../../telemetry/log.ts'
import { createMetrics } from '../../telemetry/metrics.ts'
import type { Services } from '../../services.ts'
import type { Database } from '../../store/database.ts'
import { sql } from '../../store/sql.ts'
import { startScheduler, type Job, type JobResult } from './scheduler.ts'

const hour = 3600

/** Returns the services that a scheduler uses. */
function servicesOn(db: Database, lines: string[] = []): Services {
  return testServices({
    db,
    clock: { now: () => new Date(Date.UTC(2026, 0)) },
    log: createLog('debug', { write: (line) => void lines.push(line) }),
    metrics: createMetrics(),
  })
}

/** Returns a job that counts its runs and the maximum number of concurrent runs. */
function watchedJob(work: (run: number) => Promise<JobResult>, everySeconds = hour) {
  const seen = { runs: 0, running: 0, most: 0 }
  const job: Job = {
    name: 'watched',
    everySeconds,
    async run() {
      seen.runs += 1
      seen.running += 1
      seen.most = Math.max(seen.most, seen.running)
      try {
        return await work(seen.runs)
      } finally {
        seen.running -= 1
      }
    },
  }
  return { job, seen }
}

const nothing: JobResult = { done: 0, failed: 0 }

async function until(reached: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 5000
  while (!(await reached())) {
    assert.ok(performance.now() < end, 'not within 5 s')
    await setTimeout(2)
  }
}

test('a job runs immediately, then at its interval, until the scheduler stops', async () => {
  await using database = await TestDatabase.open()
  const { job, seen } = watchedJob(() => Promise.resolve(nothing), 0.02)
  const scheduler = startScheduler([job], servicesOn(database.db))
  assert.equal(seen.runs, 1)
  await until(() => seen.runs >= 4)
  await scheduler.stop()
  const { runs } = seen
  await setTimeout(80)
  assert.equal(seen.runs, runs)
})

test('a job that is woken several times during a run runs once more after it', async () => {
  await using database = await TestDatabase.open()
  const gate = Promise.withResolvers<undefined>()
  const { job, seen } = watchedJob(async (run) => {
    if (run === 1) await gate.promise
    await setTimeout(2)
    return nothing
  })
  const scheduler = startScheduler([job], servicesOn(database.db))
  for (let n = 0; n < 20; n += 1) scheduler.wake('watched')
  scheduler.wake('unknown')
  await setTimeout(20)
  assert.equal(seen.runs, 1)
  gate.resolve(undefined)
  await until(() => seen.runs === 2)
  await setTimeout(50)
  assert.deepEqual(seen, { runs: 2, running: 0, most: 1 })
  scheduler.wake('watched')
  assert.equal(seen.runs, 3, 'a job that is woken between two runs starts immediately')
  await scheduler.stop()
})

test('a wake-up is never lost, whenever it is sent', async () => {
  await using database = await TestDatabase.open()
  let asked = 0
  let answered = 0
  const { job, seen } = watchedJob(async () => {
    const now = asked
    await setTimeout(0)
    answered = now
    return nothing
  })
  const scheduler = startScheduler([job], servicesOn(database.db))
  for (let n = 0; n < 200; n += 1) {
    asked += 1
    scheduler.wake('watched')
    if (n % 3 === 0) await setTimeout(0)
  }
  await until(() => answered === asked)
  assert.equal(seen.most, 1)
  await scheduler.stop()
})

test('stop waits for the current run and starts no other run', async () => {
  await using database = await TestDatabase.open()
  const gate = Promise.withResolvers<undefined>()
  const { job, seen } = watchedJob(async () => {
    await gate.promise
    return { done: 1, failed: 0 }
  })
  const scheduler = startScheduler([job], servicesOn(database.db))
  scheduler.wake('watched')
  let stopped = false
  const stopping = scheduler.stop().then(() => (stopped = true))
  await setTimeout(20)
  assert.equal(stopped, false)
  gate.resolve(undefined)
  await stopping
  scheduler.wake('watched')
  assert.deepEqual(seen, { runs: 1, running: 0, most: 1 })
  const rows = await database.db.query(sql`select job, done from job_outcomes`)
  assert.deepEqual({ ...rows[0] }, { job: 'watched', done: 1 }, 'its outcome is recorded')
})

test('a failed run is recorded, counted and retried, and a run without work is not recorded', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const lines: string[] = []
  const services = servicesOn(db, lines)
  const results = [
    () => Promise.reject(new Error('no such thing')),
    () => Promise.resolve(nothing),
    () => Promise.resolve({ done: 2, failed: 1 }),
  ]
  const { job, seen } = watchedJob((run) => results[run - 1]?.() ?? Promise.resolve(nothing))
  const scheduler = startScheduler([job], services)
  const outcome = async (): Promise<object> => {
    const [row] = await db.query(sql`select done, failed, error from job_outcomes`)
    return { ...row }
  }
  const thrown = { done: 0, failed: 1, error: 'no such thing' }
  await until(async () => 'error' in (await outcome()))
  assert.deepEqual(await outcome(), thrown)
  assert.match(lines.join(''), /no such thing/)
  scheduler.wake('watched')
  await until(() => seen.runs === 2)
  await setTimeout(20)
  assert.deepEqual(await outcome(), thrown)
  scheduler.wake('watched')
  await scheduler.stop()
  assert.equal(seen.runs, 3)
  assert.deepEqual(await outcome(), { done: 2, failed: 1, error: null })
  const text = await services.metrics.text()
  assert.match(text, /signet_job_runs_total\{job="watched",result="failure"\} 2\n/)
  assert.doesNotMatch(text, /job="watched",result="success"/)
})

test('the scheduler continues while the database rejects everything', async () => {
  const refusing: Database = {
    query: () => Promise.reject(new Error('disk full')),
    transaction: () => Promise.reject(new Error('disk full')),
    sizeBytes: () => Promise.resolve(0),
    probe: () => Promise.resolve(),
    changeStamp: () => undefined,
    close: () => Promise.resolve(),
  }
  const lines: string[] = []
  const { job, seen } = watchedJob(() => refusing.query(sql`select 1`).then(() => nothing), 0.01)
  const scheduler = startScheduler([job], servicesOn(refusing, lines))
  await until(() => seen.runs >= 3)
  await scheduler.stop()
  assert.match(lines.join(''), /the outcome of a job cannot be recorded/)
})

test('a job that hangs does not delay other jobs', async () => {
  await using database = await TestDatabase.open()
  const gate = Promise.withResolvers<undefined>()
  const hanging = watchedJob(() => gate.promise.then(() => nothing))
  const other = watchedJob(() => Promise.resolve(nothing), 0.01)
  const jobs = [{ ...hanging.job, name: 'hanging' }, other.job]
  const scheduler = startScheduler(jobs, servicesOn(database.db))
  await until(() => other.seen.runs >= 3)
  assert.equal(hanging.seen.running, 1)
  gate.resolve(undefined)
  await scheduler.stop()
})

test('a long run does not delay other runs of a job with concurrent runs', async () => {
  await using database = await TestDatabase.open()
  const release = Promise.withResolvers<undefined>()
  const { job, seen } = watchedJob(async (run) => {
    if (run === 1) await release.promise
    return nothing
  }, 0.01)
  const scheduler = startScheduler([{ ...job, runsMax: 2 }], servicesOn(database.db))
  await until(() => seen.runs >= 3)
  assert.equal(seen.most, 2)
  const stopped = scheduler.stop()
  release.resolve(undefined)
  await stopped
})
