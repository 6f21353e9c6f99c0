/** Shares the result of a read among several waiting callers. */

/**
 * Returns a function that runs `read`. While a run is in progress, all further callers share a single later run. Every caller
 * therefore receives a result that was read after the call. At most one run waits for the current run to end.
 */
export function coalesce<T>(read: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve()
  let waiting: Promise<T> | undefined
  return () => {
    if (waiting !== undefined) return waiting
    const start = (): Promise<T> => {
      waiting = undefined
      return read()
    }
    const next = running.then(start, start)
    waiting = next
    running = next
    return next
  }
}
