/** Values used in several parts of a script: digests and validity periods. */
import { createHash } from 'node:crypto'
import type { Validity } from '../../issuance/validity.ts'
import { parseDuration } from '../../text/duration.ts'
import type { ScriptMembers } from './members.ts'

/** Reads a file's SHA-256 and converts it to lower-case hexadecimal, as printed by `sha256sum`. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export function readSha256(members: ScriptMembers, name: string): string | undefined {
  return members.converted(name, sha256Of, 'a SHA-256 in hex with 64 digits')
}

/** Accepts SHA-256 digests in the format of sha256sum, and in the colon-separated format of OpenSSL and signet inspect. */
function sha256Of(text: string): string | undefined {
  const hex = /^[0-9a-f]{2}(?::[0-9a-f]{2}){31}$/i.test(text) ? text.replaceAll(':', '') : text
  return /^[0-9a-f]{64}$/i.test(hex) ? hex.toLowerCase() : undefined
}

/** Reads a validity period: a duration in days, weeks, months or years, or an end date. */
export function readValidity(members: ScriptMembers): Validity | undefined {
  const expected =
    'a number and a unit (d, w, mo for months, y), such as 5y, or a date such as 2046-01-31'
  return members.converted('validity', validityOf, expected)
}

function validityOf(text: string): Validity | undefined {
  const duration = parseDuration(text)
  if (duration === undefined) return dateOf(text)
  const { count, unit } = duration
  if (unit === 'd') return { type: 'DAYS', value: count }
  if (unit === 'w') return { type: 'DAYS', value: count * 7 }
  if (unit === 'mo') return { type: 'MONTHS', value: count }
  return unit === 'y' ? { type: 'YEARS', value: count } : undefined
}

function dateOf(text: string): Validity | undefined {
  if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?$/.test(text)) return undefined
  const milliseconds = Date.parse(text)
  // Date.parse accepts 2046-02-31 and returns a date in March.
  const isDate = !Number.isNaN(milliseconds) && milliseconds >= 0
  const isExact = isDate && new Date(milliseconds).toISOString().startsWith(text.slice(0, 10))
  return isExact ? { type: 'ABSOLUTE', value: milliseconds / 1000 } : undefined
}
