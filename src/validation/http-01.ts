import type { Attempt, Challenge } from './attempt.ts'
import { fetchHop, type HopResponse } from './fetch-hop.ts'
import { ValidationError } from './problem.ts'
import { challengeUrl, redirectTarget } from './redirect.ts'
import { isSameText } from '../text/same-text.ts'

const redirectsMax = 10

/**
 * Validates an http-01 challenge (RFC 8555 §8.3, RFC 8738 §4), following redirects. Resolves if the validation succeeds;
 * otherwise rejects with ValidationError.
 */
export async function validateHttp01(
  attempt: Attempt,
  { identifier, token, keyAuthorization }: Challenge,
): Promise<void> {
  let url = challengeUrl(identifier, token)
  for (let redirects = 0; redirects <= redirectsMax; redirects += 1) {
    const response = await fetchHop(attempt, url)
    if (!response.isRedirect) {
      requireAuthorization(response, { keyAuthorization, isRedirected: redirects > 0 })
      return
    }
    url = redirectTarget(url, response, attempt)
  }
  throw new ValidationError(
    'connection',
    `The web server of ${identifier.value} redirects more than ${redirectsMax} times`,
  )
}

function requireAuthorization(
  { text, description }: HopResponse,
  {
    keyAuthorization,
    isRedirected,
  }: { readonly keyAuthorization: string; readonly isRedirected: boolean },
): void {
  if (isSameText(text.trimEnd(), keyAuthorization)) return
  const where = isRedirected ? ', to which the request was redirected,' : ''
  throw new ValidationError(
    'incorrectResponse',
    `${description}${where} does not contain the key authorization of this challenge; it must contain exactly ${keyAuthorization}`,
  )
}
