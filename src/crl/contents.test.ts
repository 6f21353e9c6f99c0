import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { keptSince, nextCrlNumber, nextUpdateOf, refreshAt } from './contents.ts'

const day = 86_400_000
/** Milliseconds since 1970, up to the year 2200. */
const time = fc.integer({ min: 0, max: Date.UTC(2200, 0) })
const expirationDays = fc.integer({ min: 1, max: 5000 })

test('a CRL number is higher than every earlier number, whatever the clock does', () => {
  const known = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1 })
  fc.assert(
    fc.property(time, known, (now, highest) => {
      const next = nextCrlNumber(new Date(now), highest)
      assert.ok(Number.isSafeInteger(next) && next > highest && next >= now)
      assert.ok(next === now || next === highest + 1, 'the number is the time or the next number')
    }),
  )
  fc.assert(
    fc.property(fc.array(time, { minLength: 1 }), (times) => {
      let highest = 0
      for (const now of times) {
        const next = nextCrlNumber(new Date(now), highest)
        assert.ok(next > highest)
        highest = next
      }
      assert.ok(highest >= Math.max(...times), 'the number has caught up with the clock')
    }),
  )
})

test('the next CRL is due before half of the validity is over, and a CRL is invalid after nextUpdate', () => {
  fc.assert(
    fc.property(time, expirationDays, (now, days) => {
      const life = { generatedAt: new Date(now), expirationDays: days }
      assert.equal(nextUpdateOf(life).getTime() - now, days * day)
      assert.equal(refreshAt(life).getTime() - now, (days * day) / 2)
    }),
  )
})

test('a certificate that expired since the last regular CRL is still listed', () => {
  fc.assert(
    fc.property(time, expirationDays, fc.option(time), (now, days, previous) => {
      const life = { generatedAt: new Date(now), expirationDays: days }
      const regular = now - (days * day) / 2
      const since = keptSince(life, previous === null ? undefined : new Date(previous)).getTime()
      assert.ok(since <= regular)
      assert.ok(previous === null ? since === regular : since <= previous)
      assert.ok(since === regular || since === previous)
    }),
  )
})

test('an expired certificate is listed on a regular CRL after its expiry, whatever revocations happen in between', () => {
  const gaps = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(gaps, expirationDays, fc.nat(1000), (perMille, days, expiry) => {
      const half = (days * day) / 2
      // A CRL is published when half of the previous CRL's validity period has passed, or earlier after a revocation.
      const times = [0]
      for (const part of perMille) times.push((times.at(-1) ?? 0) + Math.ceil((half * part) / 1000))
      const notAfter = Math.floor(((times.at(-1) ?? 0) * expiry) / 1000)
      const listed = times.filter((now, index) => {
        const before = times[index - 1]
        const previous = before === undefined ? undefined : new Date(before)
        const life = { generatedAt: new Date(now), expirationDays: days }
        return notAfter >= keptSince(life, previous).getTime()
      })
      const first = times.find((now) => now > notAfter)
      if (first !== undefined) assert.ok(listed.includes(first), 'listed on one more CRL')
      for (const now of times.filter((one) => one <= notAfter)) assert.ok(listed.includes(now))
    }),
  )
})
