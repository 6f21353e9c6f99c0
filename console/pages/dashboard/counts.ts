/** Counts for the dashboard's charts. */

export interface Bucket {
  /** Start of the day or week. */
  readonly start: Date
  readonly count: number
}

/**
 * Counts times (seconds since 1970) in consecutive periods of `days` days. The first period starts at local midnight on
 * `first`. Times outside the periods are not counted.
 */
export function countPerPeriod(
  times: readonly number[],
  {
    first,
    days,
    periods,
  }: { readonly first: Date; readonly days: number; readonly periods: number },
): Bucket[] {
  const starts = Array.from({ length: periods + 1 }, (_, index) => startOfDay(first, index * days))
  return starts.slice(0, -1).map((start, index) => {
    const end = starts[index + 1] ?? start
    const isInside = (seconds: number): boolean =>
      seconds * 1000 >= start.getTime() && seconds * 1000 < end.getTime()
    return { start, count: times.filter(isInside).length }
  })
}

/** Returns local midnight `days` days later. Days on which the clocks change have 23 or 25 hours. */
export function startOfDay(day: Date, days = 0): Date {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days)
}
