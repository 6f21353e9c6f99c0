import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testServices } from '../../test/support/services.ts'
import type { Authority } from '../authority/authority.ts'
import { createLog } from '../telemetry/log.ts'
import { renewalLead } from './delegate-life.ts'
import { createDelegates } from './delegates.ts'
import type { Delegate } from './issue-delegate.ts'

const day = 86_400_000

/** A CA whose ID starts with the given number. */
function authority(number: number): Authority {
  const id = `${(number * 0x04_00_00_00).toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`
  const certificate = { number, notAfter: new Date(Date.UTC(2030, 0)) }
  return { id, certificate, usageMode: 'GENERAL_PURPOSE' } as never
}

function prepare(limits: { readonly delegatesMax?: number; readonly renewalsMax?: number }) {
  let now = Date.UTC(2026, 0)
  let running = 0
  const state = { issued: 0, runningMax: 0, advance: (by: number) => (now += by) }
  const issue = async (): Promise<Delegate> => {
    running += 1
    state.runningMax = Math.max(state.runningMax, running)
    await new Promise((resolve) => setImmediate(resolve))
    running -= 1
    state.issued += 1
    // A certificate that is valid for two days longer than a response.
    const certificate = { notBefore: new Date(now), notAfter: new Date(now + 2 * day + 3600_000) }
    return { certificate } as Delegate
  }
  const services = testServices({
    clock: { now: () => new Date(now) },
    log: createLog('silent'),
    revocationPolicy: { ocspValiditySeconds: 3600 } as never,
  })
  return { state, delegates: createDelegates(services, { ...limits, issue }) }
}

const ids = Array.from({ length: 30 }, (_, number) => authority(number))

test('with more CAs than delegates, the others sign themselves, and no certificate is issued again', async () => {
  const { state, delegates } = prepare({ delegatesMax: 10, renewalsMax: 100 })
  for (let round = 0; round < 5; round += 1) {
    const found = await Promise.all(ids.map((each) => delegates.find(each)))
    assert.equal(found.filter((each) => each !== undefined).length, 10)
  }
  assert.equal(state.issued, 10)
  state.advance(4 * day)
  const others = await Promise.all(ids.slice(20).map((each) => delegates.find(each)))
  assert.ok(
    others.every((each) => each !== undefined),
    'expired delegates make room',
  )
})

test('a limited number of certificates is issued at the same time; meanwhile the CAs sign themselves', async () => {
  const { state, delegates } = prepare({ renewalsMax: 3 })
  const found = await Promise.all(ids.map((each) => delegates.find(each)))
  assert.deepEqual([state.issued, state.runningMax], [3, 3])
  assert.equal(found.filter((each) => each !== undefined).length, 3)
  for (let round = 0; round < 9; round += 1)
    await Promise.all(ids.map((each) => delegates.find(each)))
  assert.deepEqual([state.issued, state.runningMax], [30, 3])
})

test('certificates that were issued at the same time are renewed at different times', async () => {
  const { state, delegates } = prepare({ renewalsMax: 100 })
  await Promise.all(ids.map((each) => delegates.find(each)))
  const renewed: number[] = []
  for (let hour = 1; hour <= 24; hour += 1) {
    state.advance(3600_000)
    const before = state.issued
    const found = await Promise.all(ids.map((each) => delegates.find(each)))
    assert.ok(found.every((each) => each !== undefined))
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    renewed.push(state.issued - before)
  }
  const busiest = Math.max(...renewed)
  assert.ok(
    busiest <= 8,
    `${busiest} of 30 certificates were renewed in an hour: ${renewed.join()}`,
  )
  assert.equal(renewalLead('00000000-0000'), 0)
  assert.ok(renewalLead('ffffffff-0000') < day / 2)
})
