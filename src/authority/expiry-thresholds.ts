import { dayMilliseconds } from '../text/duration.ts'

/**
 * Numbers of days before a CA certificate's expiry at which the expiry is announced, in descending order. A threshold of 0
 * stands for the expiry itself.
 */
export const expiryThresholds: readonly number[] = [90, 30, 7, 1, 0]

/** Returns the smallest threshold that has been reached. The remaining time must not exceed the largest threshold. */
export function expiryThreshold(notAfter: Date, now: Date): number {
  const daysLeft = (notAfter.getTime() - now.getTime()) / dayMilliseconds
  return expiryThresholds.findLast((days) => daysLeft <= days) ?? (expiryThresholds[0] as number)
}
