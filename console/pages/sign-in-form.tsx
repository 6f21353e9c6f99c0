/** The form for choosing a sign-in method and entering its input. */
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Checkbox from '@cloudscape-design/components/checkbox'
import Form from '@cloudscape-design/components/form'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import SegmentedControl from '@cloudscape-design/components/segmented-control'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import { toSignInError, type ApiError } from '../api/errors.ts'
import type { Credentials } from '../api/sigv4.ts'
import { clientOf, lastRegion, regionForm, type Session } from '../app/session.ts'
import { ssoIssuer, startSignIn } from '../app/sign-on.ts'
import { ApiAlert } from '../widgets/api-alert.tsx'
import { KeyInput } from './key-input.tsx'
import { ProfileInput, type ChosenProfile } from './profile-input.tsx'

const methods = [
  ...(ssoIssuer === undefined ? [] : [{ id: 'sso', text: 'Single sign-on' } as const]),
  { id: 'key', text: 'Access key' } as const,
  { id: 'profile', text: 'Credentials file' } as const,
]

interface SignInFormProps {
  readonly onSignIn: (session: Session, isKept: boolean) => void
}

export function SignInForm({ onSignIn }: SignInFormProps): ReactNode {
  const [method, setMethod] = useState(ssoIssuer === undefined ? 'key' : 'sso')
  const [keys, setKeys] = useState<Credentials>({ accessKeyId: '', secretAccessKey: '' })
  const [profile, setProfile] = useState<ChosenProfile>()
  const [region, setRegion] = useState(lastRegion)
  const [isKept, setKept] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<ApiError>()
  const isSignOn = method === 'sso'
  const credentials = method === 'key' ? keys : profile?.credentials
  const isComplete = Boolean(credentials?.accessKeyId && credentials.secretAccessKey)
  const isReady = isSecureContext && regionForm.test(region) && (isSignOn || isComplete)

  const signIn = async (): Promise<void> => {
    if (!isReady || isBusy) return
    setBusy(true)
    setError(undefined)
    try {
      if (isSignOn) {
        const returnTo = location.pathname + location.search
        await startSignIn({ returnTo, region, isKept })
      } else if (credentials !== undefined) {
        const identity = await clientOf({ credentials, region }).callerIdentity()
        onSignIn({ credentials, region, identity }, isKept)
      }
    } catch (failure) {
      setError(toSignInError(failure))
      setBusy(false)
    }
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        signIn().catch(() => undefined)
      }}
    >
      <Form
        actions={
          <Button variant="primary" loading={isBusy} disabled={!isReady}>
            {isSignOn ? `Continue to ${hostOf(ssoIssuer)}` : 'Sign in'}
          </Button>
        }
      >
        <SpaceBetween size="m">
          <SegmentedControl
            label="Sign-in method"
            selectedId={method}
            onChange={({ detail }) => setMethod(detail.selectedId)}
            options={methods}
          />
          {method === 'key' && <KeyInput keys={keys} onChange={setKeys} />}
          {method === 'profile' && (
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
                : 'The name of a Region consists of lower-case letters, digits and hyphens, such as eu-central-1.'
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
            description="The credentials are stored in this tab until you close the tab. Without this option, they are only in memory."
          >
            Stay signed in when the page is loaded again
          </Checkbox>
          <ApiAlert error={error} action="Sign-in" />
          <Box variant="small" display="block">
            {isSignOn
              ? 'You enter your password only at the identity provider. The identity provider sends you back to this page.'
              : 'The secret access key stays in this browser. The browser signs requests with the key, and never sends the key.'}
          </Box>
        </SpaceBetween>
      </Form>
    </form>
  )
}

function hostOf(url = ''): string {
  return URL.canParse(url) ? new URL(url).host : url
}
