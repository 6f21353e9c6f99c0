/** Sign-in with an access key, or with a profile from a credentials file. */
import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Checkbox from '@cloudscape-design/components/checkbox'
import Container from '@cloudscape-design/components/container'
import Form from '@cloudscape-design/components/form'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import SegmentedControl from '@cloudscape-design/components/segmented-control'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import { toApiError, type ApiError } from '../api/errors.ts'
import type { Credentials } from '../api/sigv4.ts'
import { clientOf, lastRegion, regionForm, type Session } from '../app/session.ts'
import { ApiAlert } from '../widgets/api-alert.tsx'
import { KeyInput } from './key-input.tsx'
import { ProfileInput, type ChosenProfile } from './profile-input.tsx'
import './sign-in.css'

interface SignInProps {
  /** Reason why the last session ended. */
  readonly reason: string | undefined
  readonly onSignIn: (session: Session, isKept: boolean) => void
}

const insecure =
  'This page was loaded over plain HTTP from another machine. Browsers sign requests only on pages from https:// addresses or ' +
  'from http://localhost. Configure TLS for the API listener (--tls-cert and --tls-key, or --tls-self), or forward the port ' +
  'to your machine.'

export function SignIn({ reason, onSignIn }: SignInProps): ReactNode {
  const [method, setMethod] = useState<'key' | 'profile'>('key')
  const [keys, setKeys] = useState<Credentials>({ accessKeyId: '', secretAccessKey: '' })
  const [profile, setProfile] = useState<ChosenProfile>()
  const [region, setRegion] = useState(lastRegion)
  const [isKept, setKept] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<ApiError>()
  const credentials = method === 'key' ? keys : profile?.credentials
  const isReady =
    isSecureContext &&
    regionForm.test(region) &&
    Boolean(credentials?.accessKeyId && credentials.secretAccessKey)

  const signIn = async (): Promise<void> => {
    if (!isReady || credentials === undefined || isBusy) return
    setBusy(true)
    setError(undefined)
    try {
      const identity = await clientOf({ credentials, region }).callerIdentity()
      onSignIn({ credentials, region, identity }, isKept)
    } catch (failure) {
      setError(toApiError(failure))
      setBusy(false)
    }
  }

  return (
    <main className="sign-in">
      <SpaceBetween size="l">
        <Box variant="h1" textAlign="center">
          Signet
        </Box>
        <Notices reason={reason} />
        <form
          onSubmit={(event) => {
            event.preventDefault()
            signIn().catch(() => undefined)
          }}
        >
          <Container header={<Header variant="h2">Sign in</Header>}>
            <Form
              actions={
                <Button variant="primary" loading={isBusy} disabled={!isReady}>
                  Sign in
                </Button>
              }
            >
              <SpaceBetween size="m">
                <SegmentedControl
                  label="Sign-in method"
                  selectedId={method}
                  onChange={({ detail }) => setMethod(detail.selectedId as typeof method)}
                  options={[
                    { id: 'key', text: 'Access key' },
                    { id: 'profile', text: 'Credentials file' },
                  ]}
                />
                {method === 'key' ? (
                  <KeyInput keys={keys} onChange={setKeys} />
                ) : (
                  <ProfileInput
                    onChange={(chosen) => {
                      setProfile(chosen)
                      if (chosen?.region) setRegion(chosen.region)
                    }}
                  />
                )}
                <FormField
                  label="Region"
                  errorText={
                    regionForm.test(region)
                      ? undefined
                      : 'A Region has lower-case letters, digits and hyphens, such as eu-central-1.'
                  }
                >
                  <Input
                    value={region}
                    spellcheck={false}
                    onChange={({ detail }) => setRegion(detail.value.trim())}
                  />
                </FormField>
                <Checkbox
                  checked={isKept}
                  onChange={({ detail }) => setKept(detail.checked)}
                  description="Stores the credentials in this tab until it is closed. Otherwise they are only in memory."
                >
                  Stay signed in when the page is loaded again
                </Checkbox>
                <ApiAlert error={error} action="Sign-in" />
              </SpaceBetween>
            </Form>
          </Container>
        </form>
        <Box variant="small" textAlign="center" display="block">
          The secret access key stays in this browser: it signs requests and is never sent.
        </Box>
      </SpaceBetween>
    </main>
  )
}

/** Explains why a session ended, or why the page cannot start one. */
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
