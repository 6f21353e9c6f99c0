/** The root component, which contains the session and the page for the current address. */
import I18nProvider from '@cloudscape-design/components/i18n'
import messages from '@cloudscape-design/components/i18n/messages/all.en'
import type { ReactNode } from 'react'
import { SignIn } from '../pages/sign-in.tsx'
import { Layout } from './layout.tsx'
import { SessionContext } from './session.ts'
import type { ReceivedCallback } from './sign-on.ts'
import { useSessionState } from './use-session-state.ts'

interface AppProps {
  /** The identity provider's response, which was in the page's address when the page was opened. */
  readonly received: ReceivedCallback | undefined
}

export function App({ received }: AppProps): ReactNode {
  const { value, reason, signIn } = useSessionState(received)
  return (
    <I18nProvider locale="en" messages={[messages]}>
      {value === undefined ? (
        <SignIn reason={reason} received={received} onSignIn={signIn} />
      ) : (
        <SessionContext value={value}>
          <Layout />
        </SessionContext>
      )}
    </I18nProvider>
  )
}
