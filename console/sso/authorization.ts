/** The authorization request of OpenID Connect with PKCE (OpenID Connect Core 1.0 §3.1.2.1, RFC 7636 §4). */

/** The identity provider, as the server describes it. */
export interface Provider {
  readonly issuer: string
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly authorizationEndpoint: string
  /** Undefined if the provider has no sign-out page. */
  readonly endSessionEndpoint?: string | undefined
  readonly responseMode: 'fragment' | 'query'
  /** Whether every response of the provider has the parameter `iss`. */
  readonly hasIssuerParameter: boolean
}

/** A sign-in that has started. Its secrets never leave this browser, except the verifier, which is sent with the code. */
export interface Attempt {
  /** Connects the response to this attempt. */
  readonly state: string
  /** Connects the ID token to this attempt. */
  readonly nonce: string
  readonly codeVerifier: string
  readonly redirectUri: string
  readonly provider: Provider
  /** Address of the page that is shown after the sign-in: path and query. */
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

/** Returns the address at the provider to which the browser goes. */
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
 * Returns the provider's sign-out page (OpenID Connect RP-Initiated Logout 1.0 §2), or undefined if it has none. The request
 * identifies the client by its ID and not by an ID token, which would appear in the history and in logs.
 */
export function signOutUrl(provider: Provider, returnTo: string): string | undefined {
  if (provider.endSessionEndpoint === undefined) return undefined
  const url = webUrl(provider.endSessionEndpoint)
  url.searchParams.set('client_id', provider.clientId)
  url.searchParams.set('post_logout_redirect_uri', returnTo)
  return url.href
}

/** Parses a URL that the browser opens, which must not run a script. */
function webUrl(text: string): URL {
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new Error(`the identity provider has an address that is not a web page: ${url.protocol}`)
  return url
}

/** Returns the challenge of a verifier with the method S256 (RFC 7636 §4.2). */
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
