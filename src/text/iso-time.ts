/** Instants in ISO 8601, in UTC. */

/** Without fractions of a second: `2026-03-01T08:15:30Z`. */
export function isoSeconds(instant: Date): string {
  return instant.toISOString().replace(/\.\d{3}Z$/, 'Z')
}

/** The digits of compact forms, `YYYYMMDDHHMMSS`. Throws RangeError for an instant outside the years 0 to 9999. */
export function utcDigits(instant: Date): string {
  const text = instant.toISOString()
  if (text.length !== 'YYYY-MM-DDTHH:MM:SS.sssZ'.length)
    throw new RangeError('no instant of the years 0 to 9999')
  return (
    text.slice(0, 4) +
    text.slice(5, 7) +
    text.slice(8, 10) +
    text.slice(11, 13) +
    text.slice(14, 16) +
    text.slice(17, 19)
  )
}
