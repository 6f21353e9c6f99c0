/** The OpenID Connect authorization request with PKCE (OpenID Connect Core 1.0 §3.1.2.1, RFC 7636 §4). */

/** The identity provider's metadata, as returned by the server. */
export interface Provider {
  readonly issuer: string
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly authorizationEndpoint: string
  /** The URL is undefined if the provider has no sign-out page. */
  readonly endSessionEndpoint?: string | undefined
  readonly responseMode: 'fragment' | 'query'
  /** Whether every response from the provider contains the `iss` parameter. */
  readonly hasIssuerParameter: boolean
}

/** A sign-in in progress. Only one secret of a sign-in leaves the browser: the verifier, which is sent with the code. */
export interface Attempt {
  /** The `state` value, which binds the response to this sign-in. */
  readonly state: string
  /** The `nonce` value, which binds the ID token to this sign-in. */
  readonly nonce: string
  readonly codeVerifier: string
  readonly redirectUri: string
  readonly provider: Provider
  /** Address of the page to show after the sign-in: path and query. */
  readonly returnTo: string
  readonly region: string
  readonly isKept: boolean
  /** Time in milliseconds since 1970. */
  readonly startedAt: number
}

export function createAttempt(
  provider: Provider,
  more: Pick<Attempt, 'redirectUri' | 'returnTo' | 'region' | 'isKept' | 'startedAt'>,
): Attempt {
  return {
    ...more,
    provider,
    state: randomText(),
    nonce: randomText(),
    codeVerifier: randomText(),
  }
}

/** Returns the identity provider's URL to which the browser is redirected. */
export async function authorizationUrl({
  provider,
  state,
  nonce,
  codeVerifier,
  redirectUri,
}: Attempt): Promise<string> {
  const url = webUrl(provider.authorizationEndpoint)
  const parameters = {
    response_type: 'code',
    response_mode: provider.responseMode,
    client_id: provider.clientId,
    redirect_uri: redirectUri,
    scope: provider.scopes.join(' '),
    state,
    nonce,
    code_challenge: await challengeOf(codeVerifier),
    code_challenge_method: 'S256',
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}

/**
 * Returns the provider's sign-out URL (OpenID Connect RP-Initiated Logout 1.0 §2), or undefined if the provider has none. The URL
 * contains the client ID instead of an ID token, because a token would appear in the browser history and in logs.
 */
export function signOutUrl(provider: Provider, returnTo: string): string | undefined {
  if (provider.endSessionEndpoint === undefined) return undefined
  const url = webUrl(provider.endSessionEndpoint)
  url.searchParams.set('client_id', provider.clientId)
  url.searchParams.set('post_logout_redirect_uri', returnTo)
  return url.href
}

/** Parses a URL for the browser to open, and rejects URLs that would run a script. */
function webUrl(text: string): URL {
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new Error(`the identity provider's address is not a web page: ${url.protocol}`)
  return url
}

/** Returns the S256 challenge for a verifier (RFC 7636 §4.2). */
export async function challengeOf(codeVerifier: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(codeVerifier))
  return toBase64Url(new Uint8Array(digest))
}

/** Returns 256 random bits in base64url: 43 characters. */
function randomText(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(32)))
}

function toBase64Url(bytes: Uint8Array): string {
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
