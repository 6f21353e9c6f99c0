/** Validates the provider's response to an authorization request (RFC 6749 §4.1.2, RFC 9207 §2.4). */
import type { Attempt } from './authorization.ts'

/** Parameters of an authorization response. A response that repeats a parameter is rejected. */
export interface Callback {
  readonly state: string
  readonly code: string | undefined
  readonly issuer: string | undefined
  readonly error: string | undefined
  readonly errorDescription: string | undefined
  readonly isMalformed: boolean
}

const attemptMilliseconds = 3_600_000
const parameterLengthMax = 8192

/** Reads the parameters from the URL's fragment, or from its query if there is no fragment. */
export function readCallback({ hash, search }: Pick<URL, 'hash' | 'search'>): Callback {
  const parameters = new URLSearchParams(hash === '' ? search : hash.slice(1))
  const value = (name: string): string | undefined => parameters.get(name) ?? undefined
  const names = [...parameters.keys()]
  return {
    state: value('state') ?? '',
    code: value('code'),
    issuer: value('iss'),
    error: value('error'),
    errorDescription: value('error_description'),
    isMalformed:
      new Set(names).size !== names.length ||
      [...parameters.values()].some((text) => text.length > parameterLengthMax),
  }
}

/**
 * Returns the authorization code, or the reason why the response is rejected. The provider's error text is shown only if the
 * response comes from the provider and belongs to this browser's sign-in. Otherwise, a link could display arbitrary text in the
 * console.
 */
export function codeOf(
  callback: Callback,
  attempt: Attempt | undefined,
  now: number,
): { readonly code: string } | { readonly problem: string } {
  if (attempt === undefined || callback.state !== attempt.state)
    return {
      problem:
        'The response of the identity provider does not belong to a sign-in from this tab, or was already used. Sign in again.',
    }
  const { provider, startedAt } = attempt
  if (Math.abs(now - startedAt) > attemptMilliseconds)
    return { problem: 'The sign-in took longer than one hour. Sign in again.' }
  if (callback.isMalformed)
    return { problem: 'The response of the identity provider is malformed. Sign in again.' }
  if (callback.issuer === undefined && provider.hasIssuerParameter)
    return {
      problem: `The response does not contain the parameter iss, which ${provider.issuer} always sends.`,
    }
  if (callback.issuer !== undefined && callback.issuer !== provider.issuer)
    return {
      problem: `The response comes from an identity provider other than ${provider.issuer}. The code in the response was not used.`,
    }
  if (callback.error !== undefined) return { problem: problemOf(callback, provider.issuer) }
  if (callback.code === undefined || callback.code === '')
    return { problem: 'The response of the identity provider contains no code. Sign in again.' }
  return { code: callback.code }
}

function problemOf({ error = '', errorDescription }: Callback, issuer: string): string {
  const text = errorDescription === undefined ? error : `${error} (${errorDescription})`
  return `${issuer} refused the sign-in: ${text.slice(0, 500)}`
}
