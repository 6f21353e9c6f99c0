/** Whether long tests run completely. They do if CI is set. Otherwise, they run only a part, which takes seconds. */
export const thorough = process.env['CI'] !== undefined
