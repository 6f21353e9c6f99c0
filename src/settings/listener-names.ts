/** Host names of listeners. */
import { hostname } from 'node:os'
import { isLoopback, type Address } from './parse-values.ts'

/**
 * Host names and addresses that clients can use: the listen address, or this machine's names and addresses if the listen
 * address is a wildcard or loopback address.
 */
export function namesOf(listen: Address | undefined): readonly string[] {
  if (listen === undefined) return []
  const isEverywhere = listen.host === '0.0.0.0' || listen.host === '::'
  const own = isEverywhere ? hostname() : listen.host
  const local = isEverywhere || isLoopback(listen) ? ['localhost', '127.0.0.1', '::1'] : []
  return [...new Set([own, ...local])]
}
