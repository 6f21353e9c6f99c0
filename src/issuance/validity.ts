/** Converts AWS's Validity to the dates in a certificate (AWS Private CA API, Validity; RFC 5280 §4.1.2.5). */
import { daySeconds, hourSeconds } from '../text/duration.ts'
import { isoSeconds } from '../text/iso-time.ts'
import { invalidArgs, validationFailed } from '../errors.ts'
import { existingDate } from '../x509/der/time.ts'

export type ValidityType = 'END_DATE' | 'ABSOLUTE' | 'DAYS' | 'MONTHS' | 'YEARS'

export interface Validity {
  /** A 64-bit integer, which is a bigint if a number cannot represent it exactly. */
  readonly value: number | bigint
  readonly type: ValidityType
}

/** Validity dates in whole seconds, both inclusive. */
export interface Period {
  readonly notBefore: Date
  readonly notAfter: Date
}

/** Time by which notBefore precedes issuance, for clients with slow clocks. */
const backdatingSeconds = hourSeconds
const shortLivedDaysMax = 7

/** The latest date that a certificate can contain (RFC 5280 §4.1.2.5: 99991231235959Z). */
const lastSecond = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000

/**
 * Computes a certificate's validity dates. By default, notBefore is one hour before `now`, and notAfter is relative to `now`.
 * Throws ValidationException for a validity that ends in the past, ends before it starts, or exceeds the year 9999. Throws
 * InvalidArgsException for a nonexistent date or a notBefore that is not ABSOLUTE.
 */
export function certificatePeriod(
  requested: { readonly validity: Validity; readonly notBefore?: Validity | undefined },
  now: Date,
): Period {
  const nowSeconds = Math.floor(now.getTime() / 1000)
  const notAfter = endSeconds(requested.validity, nowSeconds)
  if (notAfter <= nowSeconds)
    throw validationFailed('The certificate validity specified must end after the current time')
  const notBefore =
    requested.notBefore === undefined
      ? nowSeconds - backdatingSeconds
      : startSeconds(requested.notBefore)
  if (notBefore > notAfter)
    throw validationFailed('The certificate validity specified ends before ValidityNotBefore')
  return { notBefore: new Date(notBefore * 1000), notAfter: new Date(notAfter * 1000) }
}

/** Throws ValidationException with AWS's message, followed by both dates, if the certificate would outlive the CA certificate. */
export function requireWithinIssuer(period: Period, issuerNotAfter: Date): void {
  if (period.notAfter > issuerNotAfter)
    throw validationFailed(
      'The certificate validity specified exceeds the certificate authority validity: the certificate would expire at ' +
        `${isoSeconds(period.notAfter)}, and the CA certificate expires at ${isoSeconds(issuerNotAfter)}`,
    )
}

/** Throws ValidationException if the validity exceeds the limit for a CA that issues short-lived certificates. */
export function requireShortLived(period: Period, issuedAt: Date): void {
  const seconds = (period.notAfter.getTime() - issuedAt.getTime()) / 1000
  if (seconds > shortLivedDaysMax * daySeconds)
    throw validationFailed(
      `The certificate validity specified exceeds ${shortLivedDaysMax} days, ` +
        'the limit for a certificate authority with usage mode SHORT_LIVED_CERTIFICATE',
    )
}

function startSeconds({ type, value }: Validity): number {
  if (type !== 'ABSOLUTE')
    throw invalidArgs(`ValidityNotBefore must be of type ABSOLUTE, not ${type}.`)
  return withinCalendar(value)
}

function endSeconds({ type, value }: Validity, now: number): number {
  switch (type) {
    case 'ABSOLUTE':
      return withinCalendar(value)
    case 'END_DATE':
      return parseEndDate(value)
    case 'DAYS':
      return withinCalendar(BigInt(now) + BigInt(value) * BigInt(daySeconds))
    case 'MONTHS':
      return addMonths(now, BigInt(value))
    case 'YEARS':
      return addMonths(now, BigInt(value) * 12n)
  }
}

/**
 * Converts seconds since 1970, as an integer of any size, to a number. Throws ValidationException for a date that a certificate
 * cannot contain.
 */
function withinCalendar(seconds: number | bigint): number {
  if (seconds < 0 || seconds > lastSecond)
    throw validationFailed('The certificate validity specified is beyond 9999-12-31T23:59:59Z')
  return Number(seconds)
}

/** Adds calendar months in UTC. If the resulting month is too short for the day, the last day of the month is returned. */
function addMonths(nowSeconds: number, months: bigint): number {
  if (months > 12n * 9999n) return withinCalendar(BigInt(lastSecond) + 1n)
  const now = new Date(nowSeconds * 1000)
  const target = now.getUTCMonth() + Number(months)
  const year = now.getUTCFullYear() + Math.floor(target / 12)
  const month = target % 12
  const day = Math.min(now.getUTCDate(), daysInMonth(year, month))
  const time = nowSeconds - Math.floor(nowSeconds / daySeconds) * daySeconds
  return withinCalendar(Date.UTC(year, month, day) / 1000 + time)
}

function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
}

const endDatePattern = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/

/**
 * Parses YYMMDDHHMMSS (YY from 50 to 99 means 19YY) or YYYYMMDDHHMMSS in UTC. The value is an integer, so a date in the short
 * format has no leading zeros.
 */
function parseEndDate(value: number | bigint): number {
  const digits = value.toString()
  const fields = endDatePattern.exec(digits.length < 12 ? digits.padStart(12, '0') : digits)
  const [yearDigits = '', ...rest] = fields?.slice(1) ?? []
  const date = existingDate([fullYear(yearDigits), ...rest.map(Number)])
  if (date === undefined)
    throw invalidArgs(
      `END_DATE ${digits} is not a date in the form YYMMDDHHMMSS or YYYYMMDDHHMMSS.`,
    )
  return Math.max(0, date.getTime() / 1000)
}

function fullYear(digits: string): number {
  const year = Number(digits)
  if (digits.length === 4) return year
  return year >= 50 ? 1900 + year : 2000 + year
}
