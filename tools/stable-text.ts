/** Replaces times and random identifiers in output with fixed values of the same length. */

const reference = new Date('2026-01-15T12:00:00Z')
const dayMilliseconds = 86_400_000
const daysOfYear = 365

/** Replaces `now`, the time of the run, with 15 January 2026. All other days keep their distance from `now`. */
export function stableText(text: string, now: Date): string {
  const days = text
    .replaceAll(/\b\d+ requests/g, '30 requests')
    .replaceAll(/\b(\d{4})(?= days|d\b)/g, (count) => `${wholeYears(Number(count))}`)
  return withStableNames(
    days.replaceAll(/\b\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}:\d{2}(?:\.\d{3})?)?/g, (found) => {
      const separator = found.slice(10, 11)
      const time = separator === '' ? '' : `${separator}12:00:00`
      const fraction = found.includes('.') ? '.000' : ''
      return `${stableDay(found.slice(0, 10), now)}${time}${fraction}`
    }),
  )
}

/** Rounds a number of days down to whole years of 365 days. */
function wholeYears(days: number): number {
  return Math.floor(days / daysOfYear) * daysOfYear
}

/**
 * Returns the fixed day that replaces a day. The new day has the same distance from today. Distances above a year are kept in
 * whole years, so that leap days do not matter.
 */
function stableDay(text: string, now: Date): string {
  const today = now.toISOString().slice(0, 10)
  const days = (Date.parse(text) - Date.parse(today)) / dayMilliseconds
  if (Math.abs(days) <= daysOfYear)
    return new Date(reference.getTime() + days * dayMilliseconds).toISOString().slice(0, 10)
  const year = Number(text.slice(0, 4)) - now.getUTCFullYear() + reference.getUTCFullYear()
  return `${year}-01-15`
}

/** Replaces UUIDs, serial numbers, fingerprints and their first eight digits with numbered values. */
function withStableNames(text: string): string {
  const names = new Map<string, string>()
  return text.replaceAll(/\b[0-9a-f]{8}(?:[0-9a-f:-]*[0-9a-f])?\b…?/g, (found) => {
    const start = found.slice(0, 8)
    if (!found.endsWith('…') && !(/\d/.test(found) && /[a-f]/.test(found))) return found
    const digit = names.get(start) ?? (names.size + 1).toString(16).at(-1) ?? '0'
    names.set(start, digit)
    return found.replaceAll(/[0-9a-f]/g, digit)
  })
}
