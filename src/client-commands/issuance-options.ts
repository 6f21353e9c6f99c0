/** Values of options about new certificates: key algorithms and validities. */
import type { CertificateValidity } from '../../client/index.ts'
import { ConfigurationError } from '../errors.ts'
import { durationForm, parseDuration, spanMilliseconds } from '../text/duration.ts'

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

/**
 * A duration, or an instant in ISO 8601. Seconds, minutes and hours are counted from `now`; days, and calendar months and
 * years, by the CA. Throws ConfigurationError.
 */
export function parseValidity(text: string, now: Date): CertificateValidity {
  const duration = parseDuration(text)
  if (duration === undefined) return { until: instantOf(text) }
  const { count, unit } = duration
  if (unit === 'd') return { days: count }
  if (unit === 'w') return { days: count * 7 }
  if (unit === 'mo') return { Value: count, Type: 'MONTHS' }
  if (unit === 'y') return { years: count }
  return { until: new Date(now.getTime() + spanMilliseconds(duration)) }
}

/** Milliseconds of a duration that is not the validity of a certificate. Throws ConfigurationError. */
export function parseSpan(text: string): number {
  const duration = parseDuration(text)
  if (duration === undefined) throw new ConfigurationError(`'${text}' must be ${durationForm}`)
  return spanMilliseconds(duration)
}

function instantOf(text: string): Date {
  const date = new Date(text)
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(date.getTime()))
    throw new ConfigurationError(
      `'${text}' is not a validity: ${durationForm}, or a date such as 2030-01-31`,
    )
  return date
}

/** Whether a validity means the same whenever it is read, so that a renewal would not be longer. */
export function isInstant(text: string): boolean {
  return parseDuration(text) === undefined
}
