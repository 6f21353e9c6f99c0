/** Verifies tokens from OpenID Connect identity providers (RFC 7519; OpenID Connect Core 1.0 §2). */
import { decodeJwt, errors, jwtVerify } from 'jose'
import { asStorableText, type StorableText } from '../text/storable-text.ts'
import { findIdentityProvider, type IdentityProvider } from '../store/identity-providers.ts'
import { QueryError } from '../wire/query-errors.ts'
import { signatureAlgorithms } from './signature-algorithms.ts'
import type { StsServices } from './sts-operation.ts'
import { readClaims, type TokenClaims } from './token-claims.ts'

/** The verified claims in a token, and the token's issuer. */
export interface WebIdentity extends TokenClaims {
  readonly provider: IdentityProvider
}

/** Accepted clock difference between the issuer and the server. */
const toleranceSeconds = 30

/**
 * Verifies a token. The token's issuer must be one of the account's identity providers, and the token's audience must be one
 * of the provider's audiences. Throws InvalidIdentityToken, ExpiredTokenException or IDPCommunicationError.
 */
export async function verifyWebIdentity(
  { db, clock, issuerKeys }: StsServices,
  { token, accountId }: { readonly token: string; readonly accountId: string },
): Promise<WebIdentity> {
  const issuer = issuerOf(token)
  const provider =
    issuer === undefined ? undefined : await findIdentityProvider(db, { accountId, issuer })
  if (provider === undefined)
    throw invalidToken(
      `No OpenIDConnect provider found in your account for ${issuer ?? 'the token'}`,
    )
  const now = clock.now()
  try {
    const { payload } = await jwtVerify(token, issuerKeys.of(provider), {
      algorithms: signatureAlgorithms,
      issuer: provider.issuer,
      audience: [...provider.audiences],
      currentDate: now,
      clockTolerance: toleranceSeconds,
      requiredClaims: ['sub', 'exp', 'iat'],
    })
    const claims = readClaims(payload)
    if ('wrong' in claims) throw wrongClaim(claims.wrong)
    return { provider, ...claims }
  } catch (error) {
    throw refusalOf(error, now)
  }
}

/** Returns the issuer claim of a token that has not been verified yet. */
function issuerOf(token: string): StorableText | undefined {
  try {
    return asStorableText(decodeJwt(token).iss)
  } catch (cause) {
    throw invalidToken(
      'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
      cause,
    )
  }
}

function refusalOf(error: unknown, now: Date): unknown {
  if (error instanceof errors.JWTExpired) {
    const expiry = new Date((error.payload.exp ?? 0) * 1000)
    return new QueryError(
      'ExpiredTokenException',
      `Token expired: current date/time ${seconds(now)} must be before the expiration date/time ${seconds(expiry)}`,
      { cause: error },
    )
  }
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud')
    return invalidToken('Incorrect token audience', error)
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason, payload } = error
    return claim === 'nbf' && reason === 'check_failed'
      ? invalidToken(
          `The token is not valid yet: current date/time ${seconds(now)} must be after its claim nbf, ${payload.nbf}. Check the clocks of the server and of the issuer`,
          error,
        )
      : wrongClaim(claim, error)
  }
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSTimeout)
    return invalidToken("Couldn't retrieve verification key from your identity provider", error)
  // Errors that node:crypto throws for a damaged key, or for a key that does not match the token's algorithm.
  const isOfKey = error instanceof TypeError || error instanceof DOMException
  return error instanceof errors.JOSEError || isOfKey
    ? invalidToken('The token is not signed by its issuer', error)
    : error
}

function wrongClaim(name: string, cause?: unknown): QueryError {
  return invalidToken(`Missing or wrong claim: ${name}`, cause)
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}

function invalidToken(message: string, cause?: unknown): QueryError {
  return new QueryError('InvalidIdentityToken', message, { cause })
}
