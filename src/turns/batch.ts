/**
 * Batches of requests. Requests that arrive in the same turn of the event loop are processed together, step by step. Without
 * batches, Node.js would process each request completely, from its socket to its signature, before the next request. Without
 * batches, the CPU would reload the code of V8, SQLite and OpenSSL for each request.
 *
 * Before a request is processed, it joins the batch of the current turn. All requests in a batch run until their first `await`,
 * then all of them run until their second `await`, and so on. Every `await` is therefore a barrier; `await barrier` has no other
 * effect.
 */

/**
 * Maximum number of requests in a batch. The maximum limits the delay of the batch's first response. Further requests start one
 * turn of the event loop later, after newly arrived data has been read. Issuing 32 P-256 certificates takes about 5 ms.
 */
export const batchMax = 32

let waiting: (() => void)[] = []

/** Resolves at the end of the current turn of the event loop, for all requests in the batch together. */
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

/** A promise that is already resolved. `await barrier` lets the other requests in the batch reach the same step. */
export const barrier = Promise.resolve()
