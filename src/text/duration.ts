/** Lengths of time. */
export const minuteMilliseconds = 60_000
export const hourMilliseconds: number = 60 * minuteMilliseconds
export const dayMilliseconds: number = 24 * hourMilliseconds
export const hourSeconds: number = hourMilliseconds / 1000
export const daySeconds: number = dayMilliseconds / 1000
