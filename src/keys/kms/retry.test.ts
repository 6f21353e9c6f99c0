import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { systemRandom as random } from '../../random.ts'
import { backoff, withRetries, type RetryOptions } from './retry.ts'

function options(pauses: number[]): RetryOptions {
  return {
    random,
    isTransient: (error) => (error as Error).message === 'transient',
    signal: new AbortController().signal,
    pause: async (milliseconds) => void pauses.push(milliseconds),
  }
}

/** Returns an attempt that throws the errors one after another, and then returns the number of attempts. */
function failing(...messages: string[]): () => Promise<number> {
  let attempts = 0
  return async () => {
    const message = messages[attempts]
    attempts += 1
    if (message !== undefined) throw new Error(message)
    return attempts
  }
}

test('transient errors are repeated with growing pauses', async () => {
  const pauses: number[] = []
  const attempt = failing(...Array<string>(4).fill('transient'))
  assert.equal(await withRetries(attempt, options(pauses)), 5)
  assert.equal(pauses.length, 4)
  for (const [index, pause] of pauses.entries()) {
    const most = 100 * 2 ** index
    assert.ok(pause >= most / 2 && pause <= most, `${pause}`)
  }
})

test('the fifth error and permanent errors are thrown', async () => {
  const pauses: number[] = []
  const always = failing(...Array<string>(9).fill('transient'))
  await assert.rejects(withRetries(always, options(pauses)), /transient/)
  assert.equal(pauses.length, 4)
  await assert.rejects(withRetries(failing('permanent'), options(pauses)), /permanent/)
  await assert.rejects(withRetries(failing('transient', 'permanent'), options(pauses)), /permanent/)
  assert.equal(pauses.length, 5)
})

test('an aborted signal ends the attempts and a pause', async () => {
  const pauses: number[] = []
  const always = failing(...Array<string>(9).fill('transient'))
  const aborted = { ...options(pauses), signal: AbortSignal.abort() }
  await assert.rejects(withRetries(always, aborted), /transient/)
  assert.deepEqual(pauses, [])
  const { pause: _, ...withTimer } = { ...options([]), signal: AbortSignal.timeout(20) }
  await assert.rejects(withRetries(failing('transient', 'transient'), withTimer), /transient/)
})

test('half of a pause is random', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const pause = backoff(at, { bytes: () => Uint8Array.of(byte) })
      assert.ok(pause >= 50 * 2 ** (at - 1) && pause < 100 * 2 ** (at - 1))
    }),
  )
})
