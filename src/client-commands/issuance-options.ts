/** Parses options for new CAs and certificates: key algorithms, key storage and validities. */
import type { CertificateValidity, KeyStorageSecurityStandard } from '../../client/index.ts'
import { ConfigurationError } from '../errors.ts'
import { durationForm, parseDuration, spanMilliseconds } from '../text/duration.ts'

/** AWS Private CA's key algorithms except SM2, for which clients cannot generate keys. */
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

export const keyStorageSecurityStandards = [
  'FIPS_140_2_LEVEL_2_OR_HIGHER',
  'FIPS_140_2_LEVEL_3_OR_HIGHER',
  'CCPC_LEVEL_1_OR_HIGHER',
] as const satisfies readonly KeyStorageSecurityStandard[]

export type KeyAlgorithmName = (typeof keyAlgorithms)[number]

/**
 * Parses a validity, which is a duration or a time in ISO 8601. Durations in seconds, minutes and hours are added to `now`.
 * Days, calendar months and years are added by the CA. Throws ConfigurationError for a string in any other format.
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

/**
 * Converts a duration to milliseconds. Certificate validities are parsed by parseValidity instead. Throws ConfigurationError for
 * an invalid duration.
 */
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

/** Returns whether a validity is a fixed date, which a renewal would not extend. */
export function isInstant(text: string): boolean {
  return parseDuration(text) === undefined
}
