/** The session's state, and the functions that change it. */
import { useCallback, useEffect, useMemo, useState } from 'react'
import { createClient } from '../api/client.ts'
import type { RoleRequest } from '../api/sts.ts'
import { signOutUrl } from '../sso/authorization.ts'
import { broadcast, listen } from '../sso/channel.ts'
import { forgetKeys } from '../x509/session-keys.ts'
import { createCredentialSource } from './credential-source.ts'
import { apiEndpoint, consoleBase } from './router.ts'
import {
  clientOf,
  rememberRegion,
  signOnOf,
  storedSession,
  storeSession,
  updateStoredSession,
  type Session,
  type SessionValue,
} from './session.ts'
import { signOnAgain, ssoServer, type ReceivedCallback } from './sign-on.ts'

interface SessionState {
  /** The session is undefined if nobody is signed in. */
  readonly value: SessionValue | undefined
  /** Reason why the last session ended. */
  readonly reason: string | undefined
  readonly signIn: (session: Session, isKept: boolean) => void
}

export function useSessionState(received: ReceivedCallback | undefined): SessionState {
  const [session, setSession] = useState<Session | undefined>(() =>
    received === undefined ? storedSession() : undefined,
  )
  const [reason, setReason] = useState<string>()
  const [ended, setEnded] = useState<string>()
  const show = useCallback((shown: Session | undefined, why?: string) => {
    setReason(why)
    setEnded(undefined)
    setSession(shown)
  }, [])
  const forget = useCallback(
    (why?: string) => {
      // The tab also stores form drafts and the private keys that were generated in this tab.
      sessionStorage.clear()
      forgetKeys()
      show(undefined, why)
    },
    [show],
  )
  const isSignedOn = session !== undefined && signOnOf(session) !== undefined
  useEffect(
    () =>
      listen(({ kind }) => {
        if (kind === 'signed-out' && isSignedOn) forget('You signed out in another tab.')
      }),
    [isSignedOn, forget],
  )
  const value = useMemo(
    () => session && valueOf(session, { show, forget, setEnded }),
    [session, show, forget],
  )
  const signIn = (started: Session, isKept: boolean): void => {
    storeSession(isKept ? started : undefined)
    rememberRegion(started.region)
    show(started)
  }
  return { value: useMemo(() => value && { ...value, ended }, [value, ended]), reason, signIn }
}

interface Setters {
  readonly show: (session: Session) => void
  readonly forget: (reason?: string) => void
  readonly setEnded: (reason: string | undefined) => void
}

function valueOf(
  session: Session,
  { show, forget, setEnded }: Setters,
): Omit<SessionValue, 'ended'> {
  let latest = session
  let problem: string | undefined
  const change = (changed: Session): void => {
    updateStoredSession(changed)
    show(changed)
  }
  const signOn = signOnOf(session)
  return {
    ...session,
    client: createClient({
      endpoint: apiEndpoint,
      region: session.region,
      credentials: createCredentialSource(session, {
        server: ssoServer,
        onRenewed(renewed) {
          latest = renewed
          problem = undefined
          updateStoredSession(renewed)
          setEnded(undefined)
        },
        onFailed(error) {
          problem = error.message
        },
      }),
      onSignedOut(error) {
        // The page and the user's input are kept.
        setEnded(problem ?? error.message)
      },
    }),
    setRegion(region) {
      rememberRegion(region)
      change({ ...latest, region })
    },
    async signInAgain() {
      if (signOn !== undefined) change(await rebase(latest, signOn))
    },
    async switchRole(role) {
      change(await switchTo(rootOf(latest), role))
    },
    switchBack() {
      change({ ...rootOf(latest), region: latest.region })
    },
    signOut() {
      forget()
      if (signOn === undefined) return
      broadcast({ kind: 'signed-out' })
      const url = signOutUrl(signOn.provider, consoleBase.href)
      if (url !== undefined) location.assign(url)
    },
  }
}

/** Replaces a session's single sign-on. If the user had switched roles, the role is assumed again. */
async function rebase(
  session: Session,
  signOn: NonNullable<ReturnType<typeof signOnOf>>,
): Promise<Session> {
  const renewed = await signOnAgain(session, signOn)
  return session.origin?.kind === 'role' ? switchTo(renewed, session.origin.role) : renewed
}

async function switchTo(from: Session, role: RoleRequest): Promise<Session> {
  const { region } = from
  let current = from
  const client = createClient({
    endpoint: apiEndpoint,
    region,
    credentials: createCredentialSource(from, {
      server: ssoServer,
      onRenewed(renewed) {
        current = renewed
      },
      onFailed: () => undefined,
    }),
  })
  const { credentials } = await client.assumeRole(role)
  const identity = await clientOf({ credentials, region }).callerIdentity()
  return { credentials, region, identity, origin: { kind: 'role', role, from: current } }
}

/**
 * Returns the session that preceded the role switch. Roles are always assumed from the original session, as in the AWS console.
 */
function rootOf(session: Session): Session {
  return session.origin?.kind === 'role' ? session.origin.from : session
}
