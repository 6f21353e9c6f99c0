/**
 * The signed-in principal. Secrets are kept in memory. Only if the user opts in are secrets stored in the tab's sessionStorage.
 */
import { createContext, useContext } from 'react'
import { createClient, fixedCredentials, type Client, type Identity } from '../api/client.ts'
import type { Credentials } from '../api/sigv4.ts'
import type { RoleRequest } from '../api/sts.ts'
import type { Provider } from '../sso/authorization.ts'
import type { Tokens } from '../sso/server.ts'
import { apiEndpoint } from './router.ts'

export interface Session {
  readonly credentials: Credentials & { readonly expiresAt?: number }
  readonly region: string
  readonly identity: Identity
  /** How the credentials are renewed; undefined if the user entered them. */
  readonly origin?: SignOn | SwitchedRole | undefined
}

/** A role session that the user can obtain with an ID token. */
export interface SignOn {
  readonly kind: 'sign-on'
  readonly provider: Provider
  readonly role: RoleRequest
  readonly tokens: Tokens
  /** The `sub` claim of the ID token. */
  readonly subject: string
}

/** A role session that was obtained from another session. */
interface SwitchedRole {
  readonly kind: 'role'
  readonly role: RoleRequest
  readonly from: Session
}

const sessionKey = 'signet.session'
const regionKey = 'signet.region'
const regionDefault = 'eu-central-1'

export function clientOf({ credentials, region }: Pick<Session, 'credentials' | 'region'>): Client {
  return createClient({
    endpoint: apiEndpoint,
    credentials: fixedCredentials(credentials),
    region,
  })
}

/** Returns the single sign-on that a session is based on, or undefined if the user entered an access key. */
export function signOnOf({ origin }: Session): SignOn | undefined {
  return origin?.kind === 'role' ? signOnOf(origin.from) : origin
}

/** Returns the session stored for this tab. */
export function storedSession(): Session | undefined {
  const text = sessionStorage.getItem(sessionKey)
  return text === null ? undefined : (JSON.parse(text) as Session)
}

export function storeSession(session: Session | undefined): void {
  if (session === undefined) sessionStorage.removeItem(sessionKey)
  else sessionStorage.setItem(sessionKey, JSON.stringify(session))
}

/** Replaces the session stored for this tab, if one is stored. */
export function updateStoredSession(session: Session): void {
  if (sessionStorage.getItem(sessionKey) !== null) storeSession(session)
}

/** The Region last used in this browser. */
export function lastRegion(): string {
  return localStorage.getItem(regionKey) ?? regionDefault
}

export function rememberRegion(region: string): void {
  localStorage.setItem(regionKey, region)
}

export interface SessionValue extends Session {
  readonly client: Client
  readonly setRegion: (region: string) => void
  /** The reason why the user must sign in again; undefined while the session is valid. */
  readonly ended: string | undefined
  /**
   * Signs the user in again in another tab, and leaves the current page unchanged. Rejects with an Error that
   * states why the sign-in failed.
   */
  readonly signInAgain: () => Promise<void>
  /** Assumes a role. Rejects with ApiError. */
  readonly switchRole: (role: RoleRequest) => Promise<void>
  /** Returns to the session that preceded the first role switch. */
  readonly switchBack: () => void
  readonly signOut: () => void
}

export const SessionContext = createContext<SessionValue | undefined>(undefined)

export function useSession(): SessionValue {
  const session = useContext(SessionContext)
  if (session === undefined) throw new Error('this page needs a session')
  return session
}

/** Pattern for valid Region names. */
export const regionForm = /^[a-z0-9-]{1,64}$/
