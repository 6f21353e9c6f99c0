/** How much the long tests do: all of it with CI=true, otherwise a part that takes seconds. */
export const thorough = process.env['CI'] !== undefined

/** The number of runs of a test with random input: a fifth of them unless thorough. */
export function runsOf(all: number): number {
  return thorough ? all : Math.ceil(all / 5)
}
