/** The session, and the page for the current address. */
import I18nProvider from '@cloudscape-design/components/i18n'
import messages from '@cloudscape-design/components/i18n/messages/all.en'
import { useCallback, useMemo, useRef, useState, type ReactNode } from 'react'
import { forgetKeys } from '../x509/session-keys.ts'
import { SignIn } from '../pages/sign-in.tsx'
import { Layout } from './layout.tsx'
import {
  clientOf,
  isSessionStored,
  rememberRegion,
  SessionContext,
  storedSession,
  storeSession,
  type Session,
} from './session.ts'

export function App(): ReactNode {
  const [session, setSession] = useState<Session | undefined>(storedSession)
  const [reason, setReason] = useState<string>()
  const lastArn = useRef(session?.identity.arn)
  const signOut = useCallback((why?: string) => {
    // Expired credentials end a session, too. Keys and drafts remain then, for the next sign-in.
    if (why === undefined) forgetAll()
    storeSession(undefined)
    setReason(why)
    setSession(undefined)
  }, [])
  const value = useMemo(() => {
    if (session === undefined) return undefined
    const setRegion = (region: string): void => {
      const changed = { ...session, region }
      if (isSessionStored()) storeSession(changed)
      rememberRegion(region)
      setSession(changed)
    }
    return { ...session, client: clientOf(session), setRegion, signOut }
  }, [session, signOut])
  const signIn = (started: Session, isKept: boolean): void => {
    if (lastArn.current !== undefined && lastArn.current !== started.identity.arn) forgetAll()
    lastArn.current = started.identity.arn
    storeSession(isKept ? started : undefined)
    rememberRegion(started.region)
    setReason(undefined)
    setSession(started)
  }
  return (
    <I18nProvider locale="en" messages={[messages]}>
      {value === undefined ? (
        <SignIn reason={reason} onSignIn={signIn} />
      ) : (
        <SessionContext value={value}>
          <Layout />
        </SessionContext>
      )}
    </I18nProvider>
  )
}

/** Removes everything that the tab keeps for a principal: the session, drafts of forms, and private keys. */
function forgetAll(): void {
  sessionStorage.clear()
  forgetKeys()
}
