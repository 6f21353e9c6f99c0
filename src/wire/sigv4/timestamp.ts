import { incompleteSignature } from '../../errors.ts'
import { utcDigits } from '../../text/iso-time.ts'

const iso = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/
const imf = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d:\d\d) GMT$/

/** An instant in ISO 8601 basic format, whole seconds: `20150830T123600Z`. */
export function formatTimestamp(instant: Date): string {
  const digits = utcDigits(instant)
  return `${digits.slice(0, 8)}T${digits.slice(8)}Z`
}

/**
 * The instant of `20150830T123600Z` (X-Amz-Date) or `Sun, 30 Aug 2015 12:36:00 GMT` (Date, RFC 9110 §5.6.7).
 * Throws IncompleteSignatureException for anything else, also for a day or an hour that does not exist.
 */
export function parseTimestamp(text: string): Date {
  const instant = parseIso(text) ?? parseImf(text)
  if (instant !== undefined) return instant
  throw incompleteSignature(
    `Date must be in ISO-8601 'basic format'. Got '${text.slice(0, 64)}'. See http://en.wikipedia.org/wiki/ISO_8601`,
  )
}

function parseIso(text: string): Date | undefined {
  const extended = text.replace(iso, '$1-$2-$3T$4:$5:$6.000Z')
  if (extended === text) return undefined
  const instant = new Date(extended)
  // Date takes 30 February for a day in March, and 24:00 for the next day.
  return isValid(instant) && instant.toISOString() === extended ? instant : undefined
}

function parseImf(text: string): Date | undefined {
  if (!imf.test(text)) return undefined
  const instant = new Date(text)
  return isValid(instant) && instant.toUTCString() === text ? instant : undefined
}

function isValid(instant: Date): boolean {
  return !Number.isNaN(instant.getTime())
}
