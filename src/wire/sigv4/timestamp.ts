import { incompleteSignature } from '../../errors.ts'
import { utcDigits } from '../../text/iso-time.ts'

const iso = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/
const imf = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d:\d\d) GMT$/

/**
 * The most recently formatted time and its text. Each request uses the formatted time three times, and the next request often
 * uses the same time. Caching the text saves about 8 µs of the 90 µs for a GetCertificate request.
 */
let last = { time: Number.NaN, text: '' }

/** Formats a time in the basic format of ISO 8601 with whole seconds, such as `20150830T123600Z`. */
export function formatTimestamp(instant: Date): string {
  const time = instant.getTime()
  if (time === last.time) return last.text
  const digits = utcDigits(instant)
  const text = `${digits.slice(0, 8)}T${digits.slice(8)}Z`
  last = { time, text }
  return text
}

/**
 * Parses `20150830T123600Z` (X-Amz-Date) or `Sun, 30 Aug 2015 12:36:00 GMT` (Date, RFC 9110 §5.6.7). Throws
 * IncompleteSignatureException for any other string, including a string with a nonexistent day or hour.
 */
export function parseTimestamp(text: string): Date {
  const instant = parseIso(text) ?? parseImf(text)
  if (instant !== undefined) return instant
  throw incompleteSignature(
    `Date must be in ISO-8601 'basic format'. Got '${text.slice(0, 64)}'. See http://en.wikipedia.org/wiki/ISO_8601`,
  )
}

function parseIso(text: string): Date | undefined {
  // The text has no fractions of a second, so only a time in whole seconds can be reused.
  if (text === last.text && last.time % 1000 === 0) return new Date(last.time)
  const parts = iso.exec(text)
  if (parts === null) return undefined
  const [, year, month, day, hour, minute, second] = parts.map(Number) as Parts
  const instant = new Date(0)
  instant.setUTCFullYear(year, month - 1, day)
  instant.setUTCHours(hour, minute, second)
  // If the month is invalid, the date is in another year, which may have five digits.
  return instant.getUTCFullYear() === year && formatTimestamp(instant) === text
    ? instant
    : undefined
}

type Parts = [text: number, ...fields: [number, number, number, number, number, number]]

function parseImf(text: string): Date | undefined {
  if (!imf.test(text)) return undefined
  const instant = new Date(text)
  return isValid(instant) && instant.toUTCString() === text ? instant : undefined
}

function isValid(instant: Date): boolean {
  return !Number.isNaN(instant.getTime())
}
