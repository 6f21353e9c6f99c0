/** Whether long tests run completely. They do if CI is set. Otherwise, they run only a part, which takes seconds. */
export const thorough = process.env['CI'] !== undefined

/** Returns the number of runs of a test with random input: all of them if thorough, otherwise a fifth. */
export function runsOf(all: number): number {
  return thorough ? all : Math.ceil(all / 5)
}
