/** Requests to the server's single sign-on routes, which are below the console's base URL. */
import { parseError } from '../api/errors.ts'
import { fetchFromServer } from '../api/fetch.ts'
import type { Attempt, Provider } from './authorization.ts'

export interface Tokens {
  readonly idToken: string
  readonly refreshToken?: string | undefined
}

export interface AcceptedRoles {
  readonly roles: readonly { readonly arn: string; readonly secondsMax: number }[]
  readonly isTruncated: boolean
  /** Token claims that trust policies can require. */
  readonly subject: string
  readonly providers: readonly string[]
}

export interface SsoServer {
  provider(): Promise<Provider>
  exchange(attempt: Attempt, code: string): Promise<Tokens>
  refresh(issuer: string, refreshToken: string): Promise<Tokens>
  /** Returns the roles that the token's holder may assume. */
  roles(idToken: string, sessionName: string): Promise<AcceptedRoles>
}

/** `base` is the console's base URL. All functions reject with ApiError. */
export function createSsoServer(base: URL): SsoServer {
  return {
    provider: () => call<Provider>(base, 'provider'),
    exchange: ({ provider: { issuer }, codeVerifier, redirectUri }, code) =>
      call(base, 'token', { issuer, code, codeVerifier, redirectUri }),
    refresh: (issuer, refreshToken) => call(base, 'token', { issuer, refreshToken }),
    roles: (idToken, sessionName) => call(base, 'roles', { idToken, sessionName }),
  }
}

async function call<Output>(base: URL, name: string, body?: object): Promise<Output> {
  const response = await fetchFromServer(new URL(`sso/${name}`, base), {
    ...(body !== undefined && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  })
  const text = await response.text()
  if (response.ok) return JSON.parse(text) as Output
  throw parseError(response, text, 'single sign-on')
}
