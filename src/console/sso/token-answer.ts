/** The response from an identity provider's token endpoint (RFC 6749 §5, OpenID Connect Core 1.0 §3.1.3.3). */
import { parseObject } from '../../text/json.ts'

/** The tokens that the browser needs. Access tokens are discarded, because the console does not use them. */
export interface Tokens {
  readonly idToken: string
  readonly refreshToken: string | undefined
}

/**
 * The reason why the response contains no tokens. `refused` means that the code or the refresh token is invalid; any other reason
 * is a configuration error.
 */
export interface TokenFailure {
  readonly kind: 'refused' | 'misconfigured'
  readonly problem: string
}

/** Maximum length of ID tokens that AssumeRoleWithWebIdentity accepts. */
export const idTokenLengthMax = 20_000
export const refreshTokenLengthMax = 8192

const tokenForm = /^[\w-]+\.[\w-]+\.[\w-]+$/
const refreshTokenForm = /^[\x20-\x7E]+$/

export function readTokenAnswer({
  status,
  text,
}: {
  readonly status: number
  readonly text: string
}): Tokens | TokenFailure {
  const body = parseObject(text)
  if (status !== 200) return failureOf(body ?? {}, status)
  const { id_token: idToken, refresh_token: refreshToken } = body ?? {}
  if (idToken === undefined)
    return misconfigured('returned no ID token; check that the client may request the scope openid')
  if (typeof idToken !== 'string' || idToken.length > idTokenLengthMax || !tokenForm.test(idToken))
    return misconfigured(
      `returned an ID token that is not a signed JWT of at most ${idTokenLengthMax} characters; remove claims that the console does not need`,
    )
  const isUsable =
    typeof refreshToken === 'string' &&
    refreshToken.length <= refreshTokenLengthMax &&
    refreshTokenForm.test(refreshToken)
  // Without a refresh token, the console asks the person to sign in again.
  return { idToken, refreshToken: isUsable ? refreshToken : undefined }
}

/**
 * Converts an error response from the token endpoint (RFC 6749 §5.2). The error text comes from the provider, so it is truncated
 * and stripped of control characters.
 */
function failureOf(body: Readonly<Record<string, unknown>>, status: number): TokenFailure {
  const code = printable(body['error'], 64) || `status ${status}`
  const description = printable(body['error_description'], 300)
  const problem = `refused the request: ${description === '' ? code : `${code} (${description})`}`
  if (code === 'invalid_grant') return { kind: 'refused', problem }
  const advice =
    code === 'invalid_client' || code === 'unauthorized_client' || status === 401
      ? '; check --console-sso-client-id and --console-sso-client-secret-file'
      : ''
  return misconfigured(problem + advice)
}

function misconfigured(problem: string): TokenFailure {
  return { kind: 'misconfigured', problem }
}

function printable(value: unknown, lengthMax: number): string {
  return typeof value === 'string'
    ? value
        .replaceAll(/[^\x20-\x7E]+/g, ' ')
        .trim()
        .slice(0, lengthMax)
    : ''
}
