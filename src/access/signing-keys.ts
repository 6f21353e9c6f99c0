import type { HmacKey } from '../wire/sigv4/hmac-key.ts'
import type { SignatureClaim } from '../wire/sigv4/credential.ts'
import { deriveSigningKey } from '../wire/sigv4/verify.ts'
import { createBoundedCache } from '../bounded-cache.ts'

/** The Signature V4 signing key of a secret for a scope. */
export type SigningKeys = (
  secretAccessKey: string,
  scope: Pick<SignatureClaim, 'date' | 'region' | 'service'>,
) => HmacKey

const entriesMaxDefault = 1000

/**
 * Derives signing keys and remembers the latest. The secret is part of what they are remembered under, so a secret
 * that has changed never meets a key of the one before.
 */
export function createSigningKeys(entriesMax: number = entriesMaxDefault): SigningKeys {
  const keys = createBoundedCache<HmacKey>(entriesMax)
  return (secretAccessKey, scope) => {
    // Neither date, Region nor service has a slash in it, so no two scopes read the same.
    const name = `${scope.date}/${scope.region}/${scope.service}/${secretAccessKey}`
    const known = keys.get(name)
    if (known !== undefined) return known
    const key = deriveSigningKey(secretAccessKey, scope)
    keys.set(name, key)
    return key
  }
}
