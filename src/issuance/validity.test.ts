import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ServiceError } from '../errors.ts'
import {
  certificatePeriod,
  requireShortLived,
  requireWithinIssuer,
  type Validity,
  type ValidityType,
} from './validity.ts'

const now = new Date('2026-01-31T10:20:30.987Z')

function notAfter(type: ValidityType, value: number | bigint, at = now): string {
  return certificatePeriod({ validity: { type, value } }, at).notAfter.toISOString()
}

function refusal(validity: Validity, notBefore?: Validity): [string, string] {
  try {
    certificatePeriod({ validity, notBefore }, now)
  } catch (error) {
    assert.ok(error instanceof ServiceError)
    return [error.code, error.message]
  }
  assert.fail(`${validity.type} ${validity.value} was accepted`)
}

test('the validity starts an hour before the issuance, in whole seconds', () => {
  const period = certificatePeriod({ validity: { type: 'DAYS', value: 1 } }, now)
  assert.equal(period.notBefore.toISOString(), '2026-01-31T09:20:30.000Z')
  assert.equal(period.notAfter.toISOString(), '2026-02-01T10:20:30.000Z')
})

test('months and years follow the calendar, and end on the last day of shorter months', () => {
  assert.equal(notAfter('MONTHS', 1), '2026-02-28T10:20:30.000Z')
  assert.equal(notAfter('MONTHS', 3), '2026-04-30T10:20:30.000Z')
  assert.equal(notAfter('MONTHS', 12), '2027-01-31T10:20:30.000Z')
  assert.equal(notAfter('MONTHS', 25), '2028-02-29T10:20:30.000Z')
  assert.equal(notAfter('YEARS', 1, new Date('2028-02-29T00:00:00Z')), '2029-02-28T00:00:00.000Z')
  assert.equal(notAfter('YEARS', 4, new Date('2028-02-29T00:00:00Z')), '2032-02-29T00:00:00.000Z')
  assert.equal(notAfter('MONTHS', 11, new Date('2026-12-15T00:00:00Z')), '2027-11-15T00:00:00.000Z')
})

test('END_DATE is parsed with two-digit and four-digit years', () => {
  assert.equal(notAfter('END_DATE', 20491231235959), '2049-12-31T23:59:59.000Z')
  assert.equal(notAfter('END_DATE', 20500101000000), '2050-01-01T00:00:00.000Z')
  assert.equal(notAfter('END_DATE', 99991231235959), '9999-12-31T23:59:59.000Z')
  assert.equal(notAfter('END_DATE', 280229120000), '2028-02-29T12:00:00.000Z')
  assert.equal(notAfter('END_DATE', 491231235959), '2049-12-31T23:59:59.000Z')
})

test('an invalid END_DATE is refused', () => {
  const impossible = [
    20270229000000, 20261301000000, 20260100000000, 20260101240000, 20260101006000,
  ]
  for (const value of [...impossible, 20260101000060, 2026010100000, 1, 10n ** 18n])
    assert.equal(refusal({ type: 'END_DATE', value })[0], 'InvalidArgsException', String(value))
})

test('a validity in the past is refused', () => {
  const text = 'The certificate validity specified must end after the current time'
  const seconds = Math.floor(now.getTime() / 1000)
  for (const validity of [
    { type: 'ABSOLUTE', value: seconds },
    { type: 'ABSOLUTE', value: 1 },
    { type: 'END_DATE', value: 20260131102030 },
    { type: 'END_DATE', value: 500101000000 },
  ] as const)
    assert.deepEqual(refusal(validity), ['ValidationException', text])
  assert.equal(notAfter('ABSOLUTE', seconds + 1), '2026-01-31T10:20:31.000Z')
})

test('a validity beyond the year 9999 is refused', () => {
  const huge = [2 ** 53 - 1, 9_223_372_036_854_775_807n]
  for (const type of ['ABSOLUTE', 'DAYS', 'MONTHS', 'YEARS'] as const)
    for (const value of huge) assert.match(refusal({ type, value })[1], /beyond 9999-12-31/)
  assert.equal(notAfter('ABSOLUTE', 253402300799), '9999-12-31T23:59:59.000Z')
  assert.match(refusal({ type: 'ABSOLUTE', value: 253402300800 })[1], /beyond 9999/)
  assert.match(refusal({ type: 'YEARS', value: 7974 })[1], /beyond 9999/)
})

test('ValidityNotBefore must be ABSOLUTE and does not change notAfter', () => {
  const validity = { type: 'DAYS', value: 10 } as const
  const notBefore = { type: 'ABSOLUTE', value: Date.UTC(2026, 1, 5) / 1000 } as const
  const period = certificatePeriod({ validity, notBefore }, now)
  assert.equal(period.notBefore.toISOString(), '2026-02-05T00:00:00.000Z')
  assert.equal(period.notAfter.toISOString(), '2026-02-10T10:20:30.000Z')
  assert.equal(refusal(validity, { type: 'DAYS', value: 1 })[0], 'InvalidArgsException')
  const late = { type: 'ABSOLUTE', value: Date.UTC(2026, 1, 11) / 1000 } as const
  assert.match(refusal(validity, late)[1], /ends before ValidityNotBefore/)
  const instant = { type: 'ABSOLUTE', value: Date.UTC(2026, 1, 10, 10, 20, 30) / 1000 } as const
  const moment = certificatePeriod({ validity, notBefore: instant }, now)
  assert.deepEqual(moment.notBefore, moment.notAfter)
})

test('a certificate can expire together with its issuer, but not a second later', () => {
  const period = certificatePeriod({ validity: { type: 'DAYS', value: 1 } }, now)
  requireWithinIssuer(period, period.notAfter)
  assert.throws(() => requireWithinIssuer(period, new Date(period.notAfter.getTime() - 1000)), {
    code: 'ValidationException',
    message:
      'The certificate validity specified exceeds the certificate authority validity: ' +
      'the certificate would expire at 2026-02-01T10:20:30Z, and the CA certificate expires at 2026-02-01T10:20:29Z',
  })
})

test('short-lived certificates are valid for at most seven days', () => {
  const ofDays = (value: number) => certificatePeriod({ validity: { type: 'DAYS', value } }, now)
  const issuedAt = new Date('2026-01-31T10:20:30Z')
  requireShortLived(ofDays(7), issuedAt)
  assert.throws(() => requireShortLived(ofDays(8), issuedAt), { code: 'ValidationException' })
})

test('any value yields a validity that ends in the future, or is refused', () => {
  const types = fc.constantFrom<ValidityType>('END_DATE', 'ABSOLUTE', 'DAYS', 'MONTHS', 'YEARS')
  const values = fc.oneof(
    fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
    fc.integer({ min: 1, max: 40_000 }),
    fc.integer({ min: 1, max: 99_991_231_235_959 }),
  )
  const instants = fc.date({
    min: new Date('2020-01-01'),
    max: new Date('2100-01-01'),
    noInvalidDate: true,
  })
  fc.assert(
    fc.property(types, values, instants, (type, value, at) => {
      try {
        const { notBefore, notAfter: end } = certificatePeriod({ validity: { type, value } }, at)
        assert.ok(end.getTime() > at.getTime() - 1000)
        assert.ok(notBefore < end)
        assert.ok(end.getUTCFullYear() <= 9999)
        assert.equal(end.getTime() % 1000, 0)
      } catch (error) {
        assert.ok(error instanceof ServiceError, String(error))
      }
    }),
  )
})
