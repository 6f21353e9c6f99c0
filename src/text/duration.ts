/** Durations as users write them: `90s`, `10m`, `12h`, `30d`, `6w`, `18mo`, `10y`. */
export const minuteMilliseconds = 60_000
export const hourMilliseconds: number = 60 * minuteMilliseconds
export const dayMilliseconds: number = 24 * hourMilliseconds
export const hourSeconds: number = hourMilliseconds / 1000
export const daySeconds: number = dayMilliseconds / 1000

/** Maximum lengths of a month and a year, used for durations without a start date. */
const unitMilliseconds = {
  s: 1000,
  m: minuteMilliseconds,
  h: hourMilliseconds,
  d: dayMilliseconds,
  w: 7 * dayMilliseconds,
  mo: 31 * dayMilliseconds,
  y: 366 * dayMilliseconds,
} as const

export interface Duration {
  readonly count: number
  readonly unit: keyof typeof unitMilliseconds
}

const form = /^([1-9]\d{0,5})(s|m|h|d|w|mo|y)$/

/** Describes the form of durations in error messages, after "must be". */
export const durationForm =
  'a number and a unit (s, m, h, d, w, mo for months, y), such as 12h or 30d'

/** Parses a duration, and returns undefined for any other string. */
export function parseDuration(text: string): Duration | undefined {
  const [, count, unit] = form.exec(text) ?? []
  return count === undefined ? undefined : { count: Number(count), unit: unit as Duration['unit'] }
}

/** Returns the length of a duration without a start date, in which a month has 31 days and a year has 366. */
export function spanMilliseconds({ count, unit }: Duration): number {
  return count * unitMilliseconds[unit]
}

/** Parses a number of seconds from a plain number or a duration, and returns undefined for any other string. */
export function parseSeconds(text: string): number | undefined {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  const duration = parseDuration(text)
  return duration && spanMilliseconds(duration) / 1000
}

/** Formats a number of seconds in the largest unit that divides it: `90d`, `36h`, `90s`. */
export function formatSeconds(seconds: number): string {
  for (const unit of ['d', 'h', 'm'] as const) {
    const count = (seconds * 1000) / unitMilliseconds[unit]
    if (seconds > 0 && Number.isInteger(count)) return `${count}${unit}`
  }
  return `${seconds}s`
}
