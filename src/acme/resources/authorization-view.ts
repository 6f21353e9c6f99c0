/** The authorization and challenge objects (RFC 8555 §7.1.4, §7.1.5 and §8). */
import { authorizationStatus } from '../../enrollment/order-state.ts'
import type { AcmeAuthorization, AcmeChallenge } from '../../store/enrollment/authorizations.ts'
import type { AcmeAnswer } from '../resource.ts'
import type { EndpointUrls } from '../urls.ts'

/** Clients wait for at least one second, although most validations take only milliseconds. */
const retryAfter = { 'retry-after': '1' }

interface ViewContext {
  readonly urls: EndpointUrls
  readonly now: Date
  readonly httpStatus?: number
}

/**
 * Returns the response with an authorization. Once the authorization is no longer pending, it contains only challenges that were
 * attempted.
 */
export function authorizationAnswer(
  authorization: AcmeAuthorization,
  { urls, now, httpStatus = 200 }: ViewContext,
): AcmeAnswer {
  const { identifier, wildcard, challenges, expiresAt, id } = authorization
  const status = authorizationStatus(authorization, now)
  const shown =
    status === 'pending' ? challenges : challenges.filter((each) => each.status !== 'pending')
  const isProcessing =
    status === 'pending' && challenges.some((each) => each.status === 'processing')
  return {
    status: httpStatus,
    headers: { location: urls.authorization(id), ...(isProcessing && retryAfter) },
    body: {
      identifier,
      status,
      expires: expiresAt.toISOString(),
      challenges: shown.map((challenge) => challengeView(challenge, urls)),
      ...(wildcard && { wildcard: true }),
    },
  }
}

/** Returns the response with a challenge and a link to the challenge's authorization. */
export function challengeAnswer(
  challenge: AcmeChallenge,
  authorization: AcmeAuthorization,
  { urls }: Pick<ViewContext, 'urls'>,
): AcmeAnswer {
  return {
    status: 200,
    headers: {
      link: `<${urls.authorization(authorization.id)}>;rel="up"`,
      ...(challenge.status === 'processing' && retryAfter),
    },
    body: challengeView(challenge, urls),
  }
}

function challengeView(challenge: AcmeChallenge, urls: EndpointUrls): object {
  const { id, type, status, token, validatedAt, error } = challenge
  return {
    type,
    url: urls.challenge(id),
    status,
    token,
    ...(status === 'valid' && validatedAt && { validated: validatedAt.toISOString() }),
    ...(error !== undefined && { error: JSON.parse(error) as unknown }),
  }
}
