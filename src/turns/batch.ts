/**
 * Batches: the requests that arrive in one turn of the event loop are processed together, step by step. Otherwise, Node.js
 * would process each request from its socket to its signature before the next one, and the processor would reload the code of
 * V8, SQLite and OpenSSL for each request.
 *
 * A request joins the batch of its turn before it is processed. All requests of a batch run until their first `await`, then all
 * run until their second `await`, and so on. Every `await` is therefore a barrier; `await barrier` has no other effect.
 */

/**
 * Maximum number of requests in a batch. Further requests start one turn later, after newly arrived data has been read. The
 * limit bounds the delay of the first response in a batch: 32 P-256 certificates take about 5 ms to issue.
 */
export const batchMax = 32

let waiting: (() => void)[] = []

/** Resolves at the end of this turn of the event loop, for all requests of the batch together. */
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

/** A resolved promise. `await barrier` lets the other requests in the batch reach the same step. */
export const barrier = Promise.resolve()
