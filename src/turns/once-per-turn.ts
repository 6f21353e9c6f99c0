/**
 * Returns a function that calls `read` once per turn of the event loop. All callers receive the same value until the microtasks
 * of the turn are done.
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
