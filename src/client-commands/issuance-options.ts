/** Values of options about new certificates: key algorithms and validities. */
import type { ValidityOptions } from '../../client/index.ts'
import { ConfigurationError } from '../errors.ts'

/** The key algorithms of AWS Private CA but SM2, which clients cannot generate keys for. */
export const keyAlgorithms = [
  'EC_prime256v1',
  'EC_secp384r1',
  'EC_secp521r1',
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'ML_DSA_44',
  'ML_DSA_65',
  'ML_DSA_87',
] as const

export type KeyAlgorithmName = (typeof keyAlgorithms)[number]

const pattern = /^([1-9]\d{0,5})(h|d|w|mo|y)$/

/**
 * `12h`, `30d`, `6w`, `18mo`, `10y`, or an instant as ISO 8601 writes it. Hours are counted from `now`, all else by the CA.
 * Throws ConfigurationError.
 */
export function parseValidity(text: string, now: Date): ValidityOptions {
  const [, count = '', unit] = pattern.exec(text) ?? []
  const value = Number(count)
  if (unit === 'h') return { until: new Date(now.getTime() + value * 3_600_000) }
  if (unit === 'd') return { days: value }
  if (unit === 'w') return { days: value * 7 }
  if (unit === 'mo') return { Value: value, Type: 'MONTHS' }
  if (unit === 'y') return { years: value }
  return { until: instantOf(text) }
}

/** Milliseconds of `12h`, `7d` or `2w`. Throws ConfigurationError, also for months and years, which have no one length. */
export function parseSpan(text: string): number {
  const [, count = '', unit] = pattern.exec(text) ?? []
  const hours = unit === 'h' ? 1 : unit === 'd' ? 24 : unit === 'w' ? 168 : undefined
  if (hours === undefined)
    throw new ConfigurationError(`'${text}' is not a span such as 12h, 7d or 2w`)
  return Number(count) * hours * 3_600_000
}

function instantOf(text: string): Date {
  const date = new Date(text)
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(date.getTime()))
    throw new ConfigurationError(
      `'${text}' is not a validity such as 12h, 30d, 6w, 18mo, 10y or 2030-01-31`,
    )
  return date
}

/** Whether a validity means the same whenever it is read, so that a renewal would not be longer. */
export function isInstant(text: string): boolean {
  return !pattern.test(text)
}
