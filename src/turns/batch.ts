/**
 * Batches: the requests that arrive in one turn of the event loop are processed together, step by step. Node.js would run each of
 * them alone, from its socket to its signature, and the processor would load the code of V8, SQLite and OpenSSL anew for each.
 *
 * A request joins the batch of its turn before it is processed. The requests of a batch then take turns at every `await`: all of
 * them run until their first, then all until their second. So every `await` is a barrier, and `await barrier` only that.
 */

/**
 * So many requests start together at most. The others start a turn later, after what arrived meanwhile was read, so that the
 * first response of a batch waits for no more than the processing of so many requests: about 5 ms of issuing with P-256.
 */
export const batchMax = 32

let waiting: (() => void)[] = []

/** Resolves at the end of this turn of the event loop, at once for all requests of the batch. */
export function joinBatch(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.length === 0) setImmediate(startBatch)
    waiting.push(resolve)
  })
}

function startBatch(): void {
  const batch = waiting
  waiting = batch.splice(batchMax)
  if (waiting.length > 0) setImmediate(startBatch)
  for (const start of batch) start()
}

/** Lets the other requests of the batch come to the same step. */
export const barrier = Promise.resolve()
