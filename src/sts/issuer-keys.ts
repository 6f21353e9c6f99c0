/** Keys that tokens of an issuer are verified with (RFC 7517; OpenID Connect Discovery 1.0 §4). */
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

export interface IssuerKeys {
  /** How to find the key of a token; the issuer is asked at most once in half a minute, and every ten minutes. */
  of(provider: Pick<IdentityProvider, 'issuer' | 'keySet'>): JWTVerifyGetKey
}

const issuersMax = 1000
const timeoutMilliseconds = 5000
const cacheMilliseconds = 600_000
const cooldownMilliseconds = 30_000
const documentBytesMax = 262_144

/** Asks issuers with `fetch`. */
export function createIssuerKeys(clock: Clock, fetch_: typeof fetch = fetch): IssuerKeys {
  const known = createBoundedCache<JWTVerifyGetKey>(issuersMax)
  return {
    of({ issuer, keySet }) {
      // A key set is told apart by its text, so that another one counts at once.
      const name = keySet ?? issuer
      const found = known.get(name)
      if (found !== undefined) return found
      const keys =
        keySet === undefined
          ? remoteKeys(issuer, clock, fetch_)
          : createLocalJWKSet(JSON.parse(keySet) as JSONWebKeySet)
      known.set(name, keys)
      return keys
    },
  }
}

/** Finds out where the keys are when they are needed first; if that failed, again after half a minute. */
function remoteKeys(issuer: string, clock: Clock, fetch_: typeof fetch): JWTVerifyGetKey {
  let found: Promise<JWTVerifyGetKey> | undefined
  let failedAt = 0
  return async (header, token) => {
    const now = clock.now().getTime()
    if (failedAt > 0 && Math.abs(now - failedAt) >= cooldownMilliseconds) found = undefined
    if (found === undefined) {
      failedAt = 0
      found = discover(issuer, fetch_)
      found.catch(() => {
        failedAt = now
      })
    }
    const keys = await found
    return keys(header, token)
  }
}

async function discover(issuer: string, fetch_: typeof fetch): Promise<JWTVerifyGetKey> {
  const document = await readJson(
    `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    fetch_,
  )
  const { issuer: named, jwks_uri: address } = document as {
    readonly issuer?: unknown
    readonly jwks_uri?: unknown
  }
  if (named !== issuer || typeof address !== 'string' || !isTrustworthy(address))
    throw unreachable(`the configuration of ${issuer} does not say where its keys are`)
  return createRemoteJWKSet(new URL(address), {
    timeoutDuration: timeoutMilliseconds,
    cacheMaxAge: cacheMilliseconds,
    cooldownDuration: cooldownMilliseconds,
    [customFetch]: async (url, options) => {
      const text = await readText(url, fetch_, options.signal)
      return new Response(text, { headers: { 'content-type': 'application/json' } })
    },
  })
}

const loopbackForm = /^http:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?:[:/]|$)/

/** HTTPS, or an address of this machine. */
export function isTrustworthy(url: string): boolean {
  return URL.canParse(url) && (url.startsWith('https://') || loopbackForm.test(url))
}

async function readJson(url: string, fetch_: typeof fetch): Promise<object> {
  const text = await readText(url, fetch_, AbortSignal.timeout(timeoutMilliseconds))
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below.
  }
  throw unreachable(`${url} is not a JSON object`)
}

/** A document of at most 256 KiB. Redirections are not followed. */
async function readText(url: string, fetch_: typeof fetch, signal: AbortSignal): Promise<string> {
  try {
    const response = await fetch_(url, { signal, redirect: 'error' })
    if (response.status !== 200) throw new Error(`status ${response.status}`)
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of response.body ?? []) {
      length += chunk.length
      if (length > documentBytesMax) throw new Error('the document is too long')
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  } catch (cause) {
    throw unreachable(`${url} cannot be read`, cause)
  }
}

function unreachable(what: string, cause?: unknown): QueryError {
  return new QueryError(
    'IDPCommunicationError',
    `The identity provider did not answer as it should: ${what}`,
    { cause },
  )
}
