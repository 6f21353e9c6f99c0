/** Single sign-on: redirects to and from the identity provider, and the session for the chosen role. */
import { ApiError } from '../api/errors.ts'
import { assumeRoleWithWebIdentity } from '../api/sts.ts'
import { authorizationUrl, createAttempt, type Attempt } from '../sso/authorization.ts'
import { codeOf, readCallback, type Callback } from '../sso/callback.ts'
import { broadcast, listen } from '../sso/channel.ts'
import { readClaims, sessionNameOf, signInProblem } from '../sso/id-token.ts'
import { createSsoServer, type AcceptedRoles, type Tokens } from '../sso/server.ts'
import { apiEndpoint, consoleBase } from './router.ts'
import { clientOf, type Session, type SignOn } from './session.ts'

const attemptKey = 'signet.sign-on'
const roleKey = 'signet.role'
const callbackUrl = new URL('sso/callback', consoleBase)

export const ssoServer = createSsoServer(consoleBase)

/** Issuer URL of the identity provider; undefined if single sign-on is not configured. */
export const ssoIssuer =
  document.querySelector<HTMLMetaElement>('meta[name=single-sign-on]')?.content || undefined

type SignInOptions = Pick<Attempt, 'returnTo' | 'region' | 'isKept'>

/** Redirects this tab to the identity provider. Rejects with ApiError if the provider cannot be used. */
export async function startSignIn(options: SignInOptions): Promise<void> {
  const attempt = await newAttempt(options)
  // The page is reloaded when the provider redirects the browser back.
  sessionStorage.setItem(attemptKey, JSON.stringify(attempt))
  location.assign(await authorizationUrl(attempt))
}

async function newAttempt(options: SignInOptions): Promise<Attempt> {
  const provider = await ssoServer.provider()
  return createAttempt(provider, {
    ...options,
    redirectUri: callbackUrl.href,
    startedAt: Date.now(),
  })
}

/** The identity provider's response that was in this page's address when the page was opened. */
export interface ReceivedCallback {
  readonly callback: Callback
  /** The sign-on attempt in this tab; undefined if the response does not belong to any attempt. */
  readonly attempt: Attempt | undefined
}

/**
 * Removes the response from the page's address, so that the code does not remain in the history. Also removes the sign-on
 * attempt, so that a response can be used only once.
 */
export function takeCallback(): ReceivedCallback | undefined {
  if (location.pathname !== callbackUrl.pathname) return undefined
  const callback = readCallback(location)
  const stored = JSON.parse(sessionStorage.getItem(attemptKey) ?? 'null') as Attempt | null
  const attempt = stored?.state === callback.state ? stored : undefined
  if (attempt !== undefined) sessionStorage.removeItem(attemptKey)
  const { returnTo = '' } = attempt ?? {}
  const target = new URL(returnTo, consoleBase)
  const isOwn =
    target.origin === location.origin && target.pathname.startsWith(consoleBase.pathname)
  history.replaceState(null, '', isOwn ? target.pathname + target.search : consoleBase.pathname)
  return { callback, attempt }
}

/** Tokens from a sign-on attempt, and the roles for which they can be exchanged. */
export interface Granted {
  readonly attempt: Attempt
  readonly tokens: Tokens
  readonly subject: string
  readonly sessionName: string
  readonly accepted: AcceptedRoles
}

/** Exchanges the authorization code in a response for tokens. Rejects with ApiError. */
export async function redeem({ callback, attempt }: ReceivedCallback): Promise<Granted> {
  const received = codeOf(callback, attempt, Date.now())
  if ('problem' in received || attempt === undefined)
    throw refused('problem' in received ? received.problem : '')
  const tokens = await ssoServer.exchange(attempt, received.code)
  const claims = readClaims(tokens.idToken)
  const problem = signInProblem(claims, attempt)
  if (claims === undefined || problem !== undefined) throw refused(problem ?? '')
  const sessionName = sessionNameOf(claims)
  const accepted = await ssoServer.roles(tokens.idToken, sessionName)
  return { attempt, tokens, subject: claims.subject, sessionName, accepted }
}

/** Obtains a role session with the tokens. Rejects with ApiError. */
export async function assumeWith(
  { attempt, tokens, subject, sessionName }: Granted,
  roleArn: string,
): Promise<Session> {
  const { provider, region } = attempt
  const role = { roleArn, sessionName }
  const { idToken } = tokens
  const { credentials } = await assumeRoleWithWebIdentity(apiEndpoint, { ...role, idToken })
  const identity = await clientOf({ credentials, region }).callerIdentity()
  localStorage.setItem(roleKey, roleArn)
  const origin: SignOn = { kind: 'sign-on', provider, role, tokens, subject }
  return { credentials, region, identity, origin }
}

/** Returns the role last used in this browser. */
export function lastRole(): string | undefined {
  return localStorage.getItem(roleKey) ?? undefined
}

/**
 * Signs the same person in again in another tab, so that the current page and its unsaved input are kept. Rejects with an
 * Error if sign-in in the other tab fails or a different person signs in.
 */
export async function signOnAgain(session: Session, signOn: SignOn): Promise<Session> {
  const { region } = session
  const attempt = await newAttempt({ returnTo: '', region, isKept: false })
  const received = receiveFor(attempt)
  open(await authorizationUrl(attempt), '_blank', 'noopener')
  const granted = await redeem({ attempt, callback: await received })
  if (granted.subject !== signOn.subject)
    throw refused(
      'Another person has signed in. Sign out here first, or sign in as the same person.',
    )
  return assumeWith(granted, signOn.role.roleArn)
}

let stopReceiving = (): void => undefined

/** Waits for the response to a sign-on attempt in another tab. A new sign-on attempt replaces the previous attempt. */
function receiveFor({ state }: Attempt): Promise<Callback> {
  stopReceiving()
  return new Promise((resolve) => {
    stopReceiving = listen((message) => {
      if (message.kind !== 'callback' || message.callback.state !== state) return
      stopReceiving()
      broadcast({ kind: 'taken', state })
      resolve(message.callback)
    })
  })
}

function refused(message: string): ApiError {
  return new ApiError({ code: 'SignInRefused', message })
}
