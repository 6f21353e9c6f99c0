/** Converts an object body of any type to chunks. */

/** Maximum number of bytes that are hashed or written in one step, so that other work can run between the steps. */
const chunkLength = 1_048_576

/**
 * Yields a body in chunks of at most 1 MiB. When the signal is aborted, the generator throws the abort reason immediately, even
 * while it waits for the next chunk. The generator then closes the source without waiting for it to close.
 */
export async function* chunksOf(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) {
    yield* slicesOf(body, signal)
    return
  }
  const source = body[Symbol.asyncIterator]()
  let isDone = false
  try {
    for (;;) {
      const next = await unlessAborted(() => source.next(), signal)
      isDone = next.done === true
      if (next.done === true) return
      yield* slicesOf(next.value, signal)
    }
  } finally {
    if (!isDone) source.return?.().then(undefined, () => {})
  }
}

function* slicesOf(body: Uint8Array, signal: AbortSignal | undefined): Generator<Uint8Array> {
  for (let start = 0; start < body.length; start += chunkLength) {
    signal?.throwIfAborted()
    yield body.subarray(start, start + chunkLength)
  }
}

function unlessAborted<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work()
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const abort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    const settled = (): void => signal.removeEventListener('abort', abort)
    work().then(resolve, reject).finally(settled)
  })
}
