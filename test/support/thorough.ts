/** Whether long tests run completely. Long tests do if CI is set; otherwise they run a part that takes seconds. */
export const thorough = process.env['CI'] !== undefined

/** Returns the number of runs of a test with random input: all of them if thorough, otherwise a fifth. */
export function runsOf(all: number): number {
  return thorough ? all : Math.ceil(all / 5)
}
