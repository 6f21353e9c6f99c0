/**
 * Returns the log fields for an error: class, message, stack, and own properties such as `code`. The error's causes are included.
 */
export function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const chain = causesOf(error)
  const { errors } = error as AggregateError
  return {
    type: error.constructor.name,
    message: chain.map(({ message }) => message).join(': '),
    stack: chain.map(({ stack = '' }) => stack).join('\ncaused by: '),
    ...(Array.isArray(errors) && { aggregateErrors: errors.map(errorFields) }),
    ...Object.fromEntries(
      Object.entries(error)
        .filter(([name]) => name !== 'cause' && name !== 'errors')
        .map(([name, value]) => [name, errorFields(value)]),
    ),
  }
}

/** Returns the error and its causes. A cycle in the chain of causes ends the list. */
function causesOf(error: Error): Error[] {
  const chain = new Set<Error>()
  for (let next: unknown = error; next instanceof Error && !chain.has(next); next = next.cause)
    chain.add(next)
  return [...chain]
}
