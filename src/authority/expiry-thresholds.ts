import { dayMilliseconds } from '../text/duration.ts'

/** Days before its end at which the expiry of a CA certificate is announced, longest first; 0 is the expiry itself. */
export const expiryThresholds: readonly number[] = [90, 30, 7, 1, 0]

/** The smallest threshold that has been reached. The certificate must be within the largest one. */
export function expiryThreshold(notAfter: Date, now: Date): number {
  const daysLeft = (notAfter.getTime() - now.getTime()) / dayMilliseconds
  return expiryThresholds.findLast((days) => daysLeft <= days) ?? (expiryThresholds[0] as number)
}
