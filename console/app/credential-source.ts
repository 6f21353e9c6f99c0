/**
 * Renews a session's credentials at a request shortly before the credentials expire, or after the server has rejected them. An
 * idle console does not renew credentials, so that the provider's limit on inactive sessions applies.
 */
import type { CredentialSource } from '../api/client.ts'
import { assumeRoleWithWebIdentity } from '../api/sts.ts'
import { toApiError, type ApiError } from '../api/errors.ts'
import { readClaims, renewalProblem } from '../sso/id-token.ts'
import type { SsoServer, Tokens } from '../sso/server.ts'
import { apiEndpoint } from './router.ts'
import { clientOf, type Session, type SignOn } from './session.ts'

const renewMilliseconds = 300_000
/** Waiting time between a failed renewal and the next attempt. */
const pauseMilliseconds = 10_000

interface RenewalEvents {
  readonly server: SsoServer
  readonly onRenewed: (session: Session) => void
  readonly onFailed: (error: ApiError) => void
}

export function createCredentialSource(session: Session, events: RenewalEvents): CredentialSource {
  let latest = session
  let running: Promise<boolean> | undefined
  let pausedUntil = 0
  const attempt = async (): Promise<boolean> => {
    if (latest.origin === undefined || Date.now() < pausedUntil) return false
    try {
      latest = await renewSession(latest, events.server)
      events.onRenewed(latest)
      return true
    } catch (error) {
      pausedUntil = Date.now() + pauseMilliseconds
      events.onFailed(toApiError(error))
      return false
    }
  }
  const renew = (): Promise<boolean> =>
    (running ??= attempt().finally(() => {
      running = undefined
    }))
  return {
    async current() {
      const { expiresAt = Infinity } = latest.credentials
      if (expiresAt - Date.now() < renewMilliseconds) await renew()
      return latest.credentials
    },
    async renew(rejected) {
      return rejected !== latest.credentials || renew()
    },
  }
}

async function renewSession(session: Session, server: SsoServer): Promise<Session> {
  const { origin } = session
  if (origin === undefined) return session
  if (origin.kind === 'sign-on') {
    const tokens = await renewTokens(origin, server)
    const { idToken } = tokens
    const { credentials } = await assumeRoleWithWebIdentity(apiEndpoint, {
      ...origin.role,
      idToken,
    })
    return { ...session, credentials, origin: { ...origin, tokens } }
  }
  const from = await renewSession(origin.from, server)
  const { credentials } = await clientOf(from).assumeRole(origin.role)
  return { ...session, credentials, origin: { ...origin, from } }
}

/**
 * Returns a new ID token. If there is no refresh token, returns the current ID token, which the server accepts until it expires.
 * If the provider rejects the refresh token, no further attempt is made, because the person's account may be disabled.
 */
async function renewTokens(
  { tokens, provider, subject }: SignOn,
  server: SsoServer,
): Promise<Tokens> {
  if (tokens.refreshToken === undefined) {
    const { expiresAt = 0 } = readClaims(tokens.idToken) ?? {}
    if (expiresAt > Date.now()) return tokens
    throw new Error('The ID token has expired, and the identity provider issued no refresh token.')
  }
  const renewed = await server.refresh(provider.issuer, tokens.refreshToken)
  const problem = renewalProblem(readClaims(renewed.idToken), { provider, subject })
  if (problem !== undefined) throw new Error(problem)
  // Some providers return a new refresh token with each renewal, and others never do.
  return { refreshToken: tokens.refreshToken, ...renewed }
}
