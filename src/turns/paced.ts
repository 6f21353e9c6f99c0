/** Runs long synchronous work in slices. Between two slices, the event loop can run other callbacks. */

/** Duration, in milliseconds, after which a slice starts no further work. */
const sliceMilliseconds = 4

let waiting: (() => void)[] = []

/**
 * Runs `work` on the calling thread, after all work that was queued earlier. Rejects with the error that `work` throws. If
 * several queued calls fit into one slice, they run together, and their callers continue in the same turn of the event loop.
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
