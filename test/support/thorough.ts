/** Whether long tests run completely, as they do if CI is set. Otherwise, only a part of each runs, which takes seconds. */
export const thorough = process.env['CI'] !== undefined
