/** Public keys for verifying an issuer's tokens (RFC 7517; OpenID Connect Discovery 1.0 §4). */
import { parseObject, type JsonObject } from '../text/json.ts'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose'
import { createBoundedCache } from '../bounded-cache.ts'
import type { Clock } from '../clock.ts'
import type { IdentityProvider } from '../store/identity-providers.ts'
import { QueryError } from '../wire/query-errors.ts'
import { fetchDocument, type FetchOptions, type Resolve } from './fetch-document.ts'

export interface IssuerKeys {
  /**
   * Returns a function that looks up the key for a token. Fetched keys are used for ten minutes. A token with an unknown key
   * causes a new fetch, at most every 30 seconds.
   */
  of(provider: Pick<IdentityProvider, 'issuer' | 'keySet'>): JWTVerifyGetKey
}

const issuersMax = 1000
const timeoutMilliseconds = 5000
const cacheMilliseconds = 600_000
const cooldownMilliseconds = 30_000
/**
 * Maximum number of an issuer's keys. Most issuers have two or three keys. Verifying a token may require parsing one of the keys.
 */
const keysMax = 100

/** Creates a cache of issuers' keys, which are fetched over the network. `resolve` replaces the system's resolver. */
export function createIssuerKeys(clock: Clock, resolve?: Resolve): IssuerKeys {
  const known = createBoundedCache<JWTVerifyGetKey>(issuersMax)
  return {
    of({ issuer, keySet }) {
      // The cache key is the text of the key set, so that a changed key set takes effect immediately.
      const name = keySet ?? issuer
      const found = known.get(name)
      if (found !== undefined) return found
      const keys =
        keySet === undefined
          ? remoteKeys(issuer, clock, resolve)
          : createLocalJWKSet(JSON.parse(keySet) as JSONWebKeySet)
      known.set(name, keys)
      return keys
    },
  }
}

/** Discovers the URL of the key set at the first use. After a failure, discovery is tried again after 30 seconds. */
function remoteKeys(issuer: string, clock: Clock, resolve: Resolve | undefined): JWTVerifyGetKey {
  let found: Promise<JWTVerifyGetKey> | undefined
  let failedAt = 0
  return async (header, token) => {
    const now = clock.now().getTime()
    if (failedAt > 0 && Math.abs(now - failedAt) >= cooldownMilliseconds) found = undefined
    if (found === undefined) {
      failedAt = 0
      found = discover(issuer, resolve)
      found.catch(() => {
        failedAt = now
      })
    }
    const keys = await found
    return keys(header, token)
  }
}

async function discover(issuer: string, resolve: Resolve | undefined): Promise<JWTVerifyGetKey> {
  const source = { issuer, ...(resolve && { resolve }) }
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const document = await readJson(url, {
    ...source,
    signal: AbortSignal.timeout(timeoutMilliseconds),
  })
  const { issuer: named, jwks_uri: address } = document
  if (named !== issuer || typeof address !== 'string' || !URL.canParse(address))
    throw unreachable(`the configuration of ${issuer} has no valid jwks_uri`)
  return createRemoteJWKSet(new URL(address), {
    timeoutDuration: timeoutMilliseconds,
    cacheMaxAge: cacheMilliseconds,
    cooldownDuration: cooldownMilliseconds,
    [customFetch]: async (keysUrl, { signal }) => {
      const keySet = await readJson(keysUrl, { ...source, signal })
      const { keys } = keySet
      if (!Array.isArray(keys) || keys.length > keysMax)
        throw unreachable(`${keysUrl} does not return a key set with at most ${keysMax} keys`)
      return Response.json(keySet)
    },
  })
}

const loopbackForm = /^http:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?:[:/]|$)/

/** Returns whether a URL uses HTTPS or refers to this machine. */
export function isTrustworthy(url: string): boolean {
  return URL.canParse(url) && (url.startsWith('https://') || loopbackForm.test(url))
}

async function readJson(url: string, options: FetchOptions): Promise<JsonObject> {
  const document = parseObject(await readText(url, options))
  if (document === undefined) throw unreachable(`${url} does not return a JSON object`)
  return document
}

/** The reason for a failure is only logged, because it would reveal details of the server's network to the caller. */
async function readText(url: string, options: FetchOptions): Promise<string> {
  try {
    return await fetchDocument(url, options)
  } catch (cause) {
    throw unreachable(`${url} cannot be read`, cause)
  }
}

function unreachable(problem: string, cause?: unknown): QueryError {
  return new QueryError(
    'IDPCommunicationError',
    `The identity provider did not return a valid response: ${problem}`,
    { cause },
  )
}
