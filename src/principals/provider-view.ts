/** An OpenID Connect identity provider, in the form that the API and commands return. */
import type { JWK } from 'jose'
import { providerArn } from '../identity/principal-arn.ts'
import type { IdentityProvider } from '../store/identity-providers.ts'
import { isObject, parseObject } from '../text/json.ts'

/** Maximum number of stored keys in a response. */
const keysMax = 100

/** Returns an identity provider with the identifiers of its stored public keys. */
export async function viewProvider(provider: IdentityProvider, partition: string) {
  const { accountId, issuer, audiences, keySet, createdAt } = provider
  return {
    Arn: providerArn({ partition, accountId }, issuer),
    AccountId: accountId,
    Url: issuer,
    ClientIDList: audiences,
    KeySource: keySet === undefined ? ('ISSUER' as const) : ('STORED' as const),
    Keys: keySet === undefined ? [] : await viewKeys(keySet),
    CreateDate: createdAt,
  }
}

async function viewKeys(keySet: string) {
  const keys = parseObject(keySet)?.['keys']
  const known = Array.isArray(keys) ? keys.filter(isObject).slice(0, keysMax) : []
  return Promise.all(known.map(viewKey))
}

/** Returns a key's ID, type and thumbprint (RFC 7638); a malformed key has no thumbprint. */
async function viewKey(key: Readonly<Record<string, unknown>>) {
  // The library is slow to load, and few accounts have stored keys.
  const { calculateJwkThumbprint } = await import('jose')
  const { kid, kty } = key
  const thumbprint = await calculateJwkThumbprint(key as JWK).catch(() => undefined)
  return {
    ...(typeof kid === 'string' && { KeyId: kid }),
    KeyType: String(kty),
    ...(thumbprint !== undefined && { Thumbprint: thumbprint }),
  }
}
