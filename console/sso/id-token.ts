/**
 * Claims of an ID token (OpenID Connect Core 1.0 §2). The server verifies the signature and expiry of ID tokens; the browser
 * checks that a token belongs to its own sign-in.
 */
import type { Attempt } from './authorization.ts'

export interface Claims {
  readonly issuer: string
  readonly subject: string
  readonly audiences: readonly string[]
  readonly authorizedParty: string | undefined
  readonly nonce: string | undefined
  /** Time in milliseconds since 1970. */
  readonly expiresAt: number
  /** A name for the person: the user name, email address or subject. */
  readonly name: string
}

/** Returns a token's claims, or undefined if the token is not a JWT with the required claims. */
export function readClaims(idToken: string): Claims | undefined {
  const payload = payloadOf(idToken)
  const text = (name: string): string | undefined => {
    const value = payload?.[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const { aud, exp } = payload ?? {}
  const audiences = (Array.isArray(aud) ? aud : [aud]).filter((one) => typeof one === 'string')
  const [issuer, subject] = [text('iss'), text('sub')]
  if (issuer === undefined || subject === undefined || typeof exp !== 'number') return undefined
  return {
    issuer,
    subject,
    audiences,
    authorizedParty: text('azp'),
    nonce: text('nonce'),
    expiresAt: exp * 1000,
    name: text('preferred_username') ?? text('email') ?? subject,
  }
}

/** Returns why a sign-in's token is rejected, or undefined if the token belongs to the sign-in. */
export function signInProblem(
  claims: Claims | undefined,
  { provider, nonce }: Pick<Attempt, 'provider' | 'nonce'>,
): string | undefined {
  const problem = issuedProblem(claims, provider)
  if (problem !== undefined) return problem
  return claims?.nonce === nonce
    ? undefined
    : 'The ID token was issued for another sign-in, because the nonce is wrong. Sign in again.'
}

/** Returns why a renewed token is rejected (OpenID Connect Core 1.0 §12.2), or undefined if it belongs to the same person. */
export function renewalProblem(
  claims: Claims | undefined,
  { provider, subject }: Pick<Attempt, 'provider'> & { readonly subject: string },
): string | undefined {
  const problem = issuedProblem(claims, provider)
  if (problem !== undefined) return problem
  return claims?.subject === subject
    ? undefined
    : 'The identity provider returned a token for another person. Sign out, and sign in again.'
}

function issuedProblem(
  claims: Claims | undefined,
  { issuer, clientId }: Attempt['provider'],
): string | undefined {
  if (claims === undefined)
    return 'The identity provider returned an ID token without iss, sub or exp.'
  if (claims.issuer !== issuer) return `The ID token was issued by ${claims.issuer}, not ${issuer}.`
  const { audiences, authorizedParty = clientId } = claims
  return audiences.includes(clientId) && authorizedParty === clientId
    ? undefined
    : `The ID token was issued for ${audiences.join(', ')}, not for the client ${clientId}.`
}

/** Returns a session name for ARNs and the call log: 2 to 64 characters that STS accepts. */
export function sessionNameOf({ name }: Pick<Claims, 'name'>): string {
  return name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^\w+=,.@-]/g, '-')
    .slice(0, 64)
    .padEnd(2, '-')
}

function payloadOf(idToken: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const [, payload = ''] = idToken.split('.')
    const binary = atob(payload.replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0))
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
