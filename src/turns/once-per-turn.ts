/**
 * Returns a function that calls `read` once and returns the same value to all callers until the microtasks of this turn are
 * done.
 */
export function oncePerTurn<Value>(read: () => Value): () => Value {
  let known: { readonly value: Value } | undefined
  return () => {
    if (known === undefined) {
      known = { value: read() }
      process.nextTick(() => (known = undefined))
    }
    return known.value
  }
}
