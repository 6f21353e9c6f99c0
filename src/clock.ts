/** Where the present instant comes from. Pure code takes a `Date` instead (design rule 1). */
export interface Clock {
  now(): Date
}

/** The operating system's wall clock. */
export const systemClock: Clock = { now: () => new Date() }
