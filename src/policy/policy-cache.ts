import { createBoundedCache, type BoundedCache } from '../bounded-cache.ts'
import { parsePolicy, type Policy, type PolicyKind } from './policy-document.ts'

const policiesMax = 1000
const known: Readonly<Record<PolicyKind, BoundedCache<Policy>>> = {
  identity: createBoundedCache(policiesMax),
  resource: createBoundedCache(policiesMax),
  trust: createBoundedCache(policiesMax),
}

/** Returns the parsed policy from a cache, so that a decision takes only microseconds. The cache key is the policy's text. */
export function knownPolicy(text: string, kind: PolicyKind): Policy {
  const found = known[kind].get(text)
  if (found !== undefined) return found
  const policy = parsePolicy(text, kind)
  known[kind].set(text, policy)
  return policy
}
