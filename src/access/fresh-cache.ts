import { createLoadingCache } from '../bounded-cache.ts'
import type { Clock } from '../clock.ts'

const lifeMilliseconds = 1000
const entriesMaxDefault = 10_000

/** Finds what has a name; undefined if there is nothing. */
export type Find<Value> = (name: string) => Promise<Value | undefined>

/**
 * Remembers what `find` answers, also that there is no such thing, for at most one second from when it was asked: that
 * is how long an access key still works on this node after it was deactivated, and a policy counts after it was changed.
 */
export function createFreshCache<Value>(
  find: Find<Value>,
  {
    clock,
    entriesMax = entriesMaxDefault,
  }: { readonly clock: Clock; readonly entriesMax?: number },
): Find<Value> {
  const lifetime = { milliseconds: lifeMilliseconds, clock }
  const cache = createLoadingCache({ entriesMax, load: find, lifetime })
  return (name) => cache.get(name)
}
