/** The signed-in principal. Secrets are kept in memory, and in the tab's sessionStorage only if the user chooses that. */
import { createContext, useContext } from 'react'
import { createClient, type Client, type Identity } from '../api/client.ts'
import type { Credentials } from '../api/sigv4.ts'
import { apiEndpoint } from './router.ts'

export interface Session {
  readonly credentials: Credentials
  readonly region: string
  readonly identity: Identity
}

const sessionKey = 'signet.session'
const regionKey = 'signet.region'
const regionDefault = 'eu-central-1'

export function clientOf({ credentials, region }: Pick<Session, 'credentials' | 'region'>): Client {
  return createClient({ endpoint: apiEndpoint, credentials, region })
}

/** Returns the session that was kept for this tab. */
export function storedSession(): Session | undefined {
  const text = sessionStorage.getItem(sessionKey)
  return text === null ? undefined : (JSON.parse(text) as Session)
}

export function storeSession(session: Session | undefined): void {
  if (session === undefined) sessionStorage.removeItem(sessionKey)
  else sessionStorage.setItem(sessionKey, JSON.stringify(session))
}

export function isSessionStored(): boolean {
  return sessionStorage.getItem(sessionKey) !== null
}

/** The Region that was last used in this browser. */
export function lastRegion(): string {
  return localStorage.getItem(regionKey) ?? regionDefault
}

export function rememberRegion(region: string): void {
  localStorage.setItem(regionKey, region)
}

export interface SessionValue extends Session {
  readonly client: Client
  readonly setRegion: (region: string) => void
  readonly signOut: (reason?: string) => void
}

export const SessionContext = createContext<SessionValue | undefined>(undefined)

export function useSession(): SessionValue {
  const session = useContext(SessionContext)
  if (session === undefined) throw new Error('this page needs a session')
  return session
}

/** Pattern for Region names. */
export const regionForm = /^[a-z0-9-]{1,64}$/
