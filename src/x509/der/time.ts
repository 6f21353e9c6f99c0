/**
 * The type Time (RFC 5280 §4.1.2.5), in whole seconds of UTC. Times through 2049 are UTCTime, and times from 2050 on are
 * GeneralizedTime.
 */
import { dayMilliseconds } from '../../text/duration.ts'
import { utcDigits } from '../../text/iso-time.ts'
import { DerError } from './error.ts'
import { tags, type DerElement, type DerReader } from './reader.ts'
import { encodeBackwards, type BackwardWriter } from './backward-writer.ts'

const utcTimePattern = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/
const generalizedTimePattern = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/
const generalizedFromYear = 2050

/**
 * Encodes a Time. Throws RangeError if the time is before 1950 or after 9999, because a certificate cannot represent such a time.
 */
export function encodeTime(date: Date): Uint8Array {
  return encodeBackwards((der) => writeTime(der, date))
}

/** Writes a Time into a larger structure. Throws RangeError as encodeTime does. */
export function writeTime(der: BackwardWriter, date: Date): void {
  const year = date.getUTCFullYear()
  if (!(year >= 1950 && year <= 9999))
    throw new RangeError('a certificate cannot represent a time before 1950 or after 9999')
  const text = `${utcDigits(date)}Z`
  if (year < generalizedFromYear) der.element(tags.utcTime, () => der.ascii(text.slice(2)))
  else der.element(tags.generalizedTime, () => der.ascii(text))
}

/** Encodes a GeneralizedTime in whole seconds, as OCSP requires (RFC 6960 §4.2.2.1). Throws RangeError as encodeTime does. */
export function encodeGeneralizedTime(date: Date): Uint8Array {
  const year = date.getUTCFullYear()
  if (!(year >= 1950 && year <= 9999))
    throw new RangeError('OCSP cannot represent a time before 1950 or after 9999')
  const text = `${utcDigits(date)}Z`
  return encodeBackwards((der) => der.element(tags.generalizedTime, () => der.ascii(text)))
}

/**
 * Reads the next element, which must be a Time. Throws DerError if the Time has another form or does not exist in the calendar.
 */
export function readTime(reader: DerReader, label: string): Date {
  const element = reader.any()
  const fields = timeFields(element)
  if (fields === undefined)
    throw new DerError(`${label} is not a UTCTime or GeneralizedTime of RFC 5280`)
  const date = existingDate(fields)
  if (date === undefined) throw new DerError(`${label} is a nonexistent date or time`)
  return date
}

/** The second in notAfter belongs to the validity period, so the period ends one second later. */
const lastSecondMilliseconds = 1000

/** Returns whether a certificate has expired. The last second of a certificate's validity is notAfter (RFC 5280 §4.1.2.5). */
export function isExpiredAt(notAfter: Date, now: Date): boolean {
  return millisecondsLeft(notAfter, now) <= 0
}

/**
 * Returns the time until a certificate expires, in milliseconds. The result is zero or negative if the certificate has expired.
 */
export function millisecondsLeft(notAfter: Date, now: Date): number {
  return notAfter.getTime() + lastSecondMilliseconds - now.getTime()
}

/**
 * Returns the number of days until a certificate expires, rounded down. The result is 0 during the last day, and negative after
 * the expiry.
 */
export function daysLeft(notAfter: Date, now: Date): number {
  return Math.floor((millisecondsLeft(notAfter, now) - 1) / dayMilliseconds)
}

/**
 * Returns the earliest notAfter that an unexpired certificate can have, in seconds since 1970. Database queries use this value
 * instead of isExpiredAt.
 */
export function firstValidSecond(now: Date): number {
  return Math.floor(now.getTime() / lastSecondMilliseconds)
}

/**
 * Returns the UTC time for a year, month (starting at 1), day, hour, minute and second, or undefined if the time does not
 * exist.
 */
export function existingDate(fields: readonly number[]): Date | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields
  const date = new Date(0)
  // Unlike the Date constructor, setUTCFullYear does not add 1900 to the years 0 to 99.
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  const exists =
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second
  return exists ? date : undefined
}

function timeFields({ tag, content }: DerElement): number[] | undefined {
  const text = Buffer.from(content).toString('latin1')
  if (tag === tags.generalizedTime) return generalizedTimePattern.exec(text)?.slice(1).map(Number)
  if (tag !== tags.utcTime) return undefined
  const fields = utcTimePattern.exec(text)?.slice(1).map(Number)
  const [year = 0, ...rest] = fields ?? []
  return fields && [year >= 50 ? 1900 + year : 2000 + year, ...rest]
}
