import { createLoadingCache } from '../bounded-cache.ts'
import type { Clock } from '../clock.ts'

const lifeMilliseconds = 1000
const entriesMaxDefault = 10_000

/** Looks up a value by name, and returns undefined if it does not exist. */
export type Find<Value> = (name: string) => Promise<Value | undefined>

/**
 * Caches the results of `find` for one second, including negative results. For up to one second, a node still accepts
 * a deactivated access key and applies the previous version of a policy.
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
