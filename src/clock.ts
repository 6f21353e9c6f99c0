/** A source of the current time. */
export interface Clock {
  /**
   * Returns the current time.
   *
   * @example
   * const clock: Clock = { now: () => new Date('2030-01-01T00:00:00Z') }
   */
  now(): Date
}

/** The operating system's wall clock. */
export const systemClock: Clock = { now: () => new Date() }
