/**
 * Whether long tests run completely. Long tests run completely if CI is set. Otherwise, only a part of each long
 * test runs, which takes seconds.
 */
export const thorough = process.env['CI'] !== undefined
