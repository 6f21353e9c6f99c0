/** The sign-in page: single sign-on, an access key, or a profile from a credentials file. */
import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import type { ReactNode } from 'react'
import type { Session } from '../app/session.ts'
import type { ReceivedCallback } from '../app/sign-on.ts'
import { ApiAlert } from '../widgets/api-alert.tsx'
import { NoRole, RoleChoice } from './role-choice.tsx'
import { SignInForm } from './sign-in-form.tsx'
import { useReceivedCallback } from './use-received-callback.ts'
import './sign-in.css'

interface SignInProps {
  /** The reason why the last session ended. */
  readonly reason: string | undefined
  readonly received: ReceivedCallback | undefined
  readonly onSignIn: (session: Session, isKept: boolean) => void
}

const insecure =
  'This page was loaded over plain HTTP from another machine. Browsers sign requests only on pages from https:// addresses or ' +
  'from http://localhost. Configure TLS for the API listener (--tls-cert and --tls-key, or --tls-self), or forward the port ' +
  'to your machine.'

export function SignIn({ reason, received, onSignIn }: SignInProps): ReactNode {
  const { state, choose } = useReceivedCallback(received, onSignIn)
  const isOver = state.kind === 'handed-over'
  return (
    <main className="sign-in">
      <SpaceBetween size="l">
        <Box variant="h1" textAlign="center">
          Signet
        </Box>
        <Notices reason={reason} />
        {state.kind === 'failed' && <ApiAlert error={state.error} action="Sign-in" />}
        {state.kind === 'no-role' && <NoRole granted={state.granted} />}
        {isOver && (
          <Alert type="success" header="You are signed in again">
            Close this tab, and continue in the previous tab.
          </Alert>
        )}
        {!isOver && (
          <Container header={<Header variant="h2">Sign in</Header>}>
            {state.kind === 'working' ? (
              <StatusIndicator type="loading">Signing in</StatusIndicator>
            ) : state.kind === 'choosing' ? (
              <RoleChoice granted={state.granted} isBusy={state.isBusy} onChoose={choose} />
            ) : (
              <SignInForm onSignIn={onSignIn} />
            )}
          </Container>
        )}
      </SpaceBetween>
    </main>
  )
}

/** Explains why a session ended, or why the page cannot start a session. */
function Notices({ reason }: Pick<SignInProps, 'reason'>): ReactNode {
  return (
    <>
      {!isSecureContext && (
        <Alert type="error" header="Sign-in is not possible on this page">
          {insecure}
        </Alert>
      )}
      {reason !== undefined && (
        <Alert type="info" header="The session has ended">
          {reason}
        </Alert>
      )}
    </>
  )
}
