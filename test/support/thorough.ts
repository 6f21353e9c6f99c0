/** Whether long tests run completely; true if CI is set. If CI is not set, each long test runs for only a few seconds. */
export const thorough = process.env['CI'] !== undefined
