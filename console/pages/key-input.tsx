/** The input for an access key. */
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import type { Credentials } from '../api/sigv4.ts'

interface KeyInputProps {
  readonly keys: Credentials
  readonly onChange: (keys: Credentials) => void
}

export function KeyInput({ keys, onChange }: KeyInputProps): ReactNode {
  return (
    <SpaceBetween size="m">
      <FormField label="Access key ID">
        <Input
          value={keys.accessKeyId}
          autoFocus
          autoComplete="username"
          spellcheck={false}
          onChange={({ detail }) => onChange({ ...keys, accessKeyId: detail.value.trim() })}
        />
      </FormField>
      <FormField label="Secret access key">
        <Input
          value={keys.secretAccessKey}
          type="password"
          autoComplete="current-password"
          onChange={({ detail }) => onChange({ ...keys, secretAccessKey: detail.value.trim() })}
        />
      </FormField>
      <FormField
        label={
          <span>
            Session token <i>- optional</i>
          </span>
        }
        description="Only temporary credentials have a session token."
      >
        <Input
          value={keys.sessionToken ?? ''}
          type="password"
          autoComplete={false}
          onChange={({ detail }) =>
            onChange({ ...keys, sessionToken: detail.value.trim() || undefined })
          }
        />
      </FormField>
    </SpaceBetween>
  )
}
