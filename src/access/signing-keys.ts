import type { HmacKey } from '../wire/sigv4/hmac-key.ts'
import type { SignatureClaim } from '../wire/sigv4/credential.ts'
import { deriveSigningKey } from '../wire/sigv4/verify.ts'
import { createBoundedCache } from '../bounded-cache.ts'

/** Returns the Signature V4 signing key for a secret and a scope. */
export type SigningKeys = (
  secretAccessKey: string,
  scope: Pick<SignatureClaim, 'date' | 'region' | 'service'>,
) => HmacKey

const entriesMaxDefault = 1000

/**
 * Derives signing keys and caches the most recent keys. The secret is part of the cache key, so a changed secret never yields
 * the previous secret's signing key.
 */
export function createSigningKeys(entriesMax: number = entriesMaxDefault): SigningKeys {
  const keys = createBoundedCache<HmacKey>(entriesMax)
  return (secretAccessKey, scope) => {
    // Neither a date, a Region nor a service name contains a slash, so the cache key is unambiguous.
    const name = `${scope.date}/${scope.region}/${scope.service}/${secretAccessKey}`
    const known = keys.get(name)
    if (known !== undefined) return known
    const key = deriveSigningKey(secretAccessKey, scope)
    keys.set(name, key)
    return key
  }
}
