/** Long synchronous work, in slices between which the event loop does what else there is to do. */

/** A slice begins no further piece of work after so many milliseconds. */
const sliceMilliseconds = 4

let waiting: (() => void)[] = []

/**
 * Runs `work` on this thread, after what was asked for before. Rejects with what it throws. Work that waits together is done together,
 * as much as fits into a slice, so that its callers go on together.
 */
export function runPaced<Value>(work: () => Value): Promise<Value> {
  return new Promise((resolve, reject) => {
    if (waiting.length === 0) setImmediate(runSlice)
    waiting.push(() => {
      try {
        resolve(work())
      } catch (error) {
        reject(error)
      }
    })
  })
}

function runSlice(): void {
  const endsAt = performance.now() + sliceMilliseconds
  let done = 0
  for (const run of waiting) {
    run()
    done += 1
    if (performance.now() >= endsAt) break
  }
  waiting = waiting.slice(done)
  if (waiting.length > 0) setImmediate(runSlice)
}
