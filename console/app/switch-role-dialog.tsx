/** The dialog for assuming a role with the signed-in principal's credentials. */
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import { toApiError, type ApiError } from '../api/errors.ts'
import { ApiAlert } from '../widgets/api-alert.tsx'
import { Dialog } from '../widgets/dialog.tsx'
import { useNotify } from './notifications.ts'
import { nameOfArn, roleArnOf, sessionNameFor } from './role-arn.ts'
import { useSession } from './session.ts'

const lastKey = 'signet.switched-role'

export function SwitchRoleDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { identity, origin, switchRole } = useSession()
  const notify = useNotify()
  const [text, setText] = useState(() => localStorage.getItem(lastKey) ?? '')
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<ApiError>()
  const { arn, account } = origin?.kind === 'role' ? origin.from.identity : identity
  const roleArn = roleArnOf(text.trim(), account)
  const change = async (): Promise<void> => {
    if (roleArn === undefined || isBusy) return
    setBusy(true)
    setError(undefined)
    try {
      await switchRole({ roleArn, sessionName: sessionNameFor(arn) })
      localStorage.setItem(lastKey, roleArn)
      notify({ type: 'success', header: `You use the role ${nameOfArn(roleArn)}.` })
      onClose()
    } catch (failure) {
      setError(toApiError(failure))
      setBusy(false)
    }
  }
  const start = (): void => {
    change().catch(() => undefined)
  }
  return (
    <Dialog
      title="Switch role"
      action={{
        text: 'Switch role',
        isReady: roleArn !== undefined,
        isRunning: isBusy,
        onClick: start,
      }}
      onClose={onClose}
    >
      <SpaceBetween size="m">
        <FormField
          label="Role"
          description="Enter the ARN of a role, or the name of a role in your account. The trust policy of the role must allow you to assume the role."
          constraintText={`Until you switch back, the permissions of the role replace the permissions of ${nameOfArn(arn)}.`}
          errorText={
            text.trim() === '' || roleArn !== undefined
              ? undefined
              : 'The ARN of a role has the form arn:aws:iam::123456789012:role/issuer.'
          }
        >
          <Input
            value={text}
            spellcheck={false}
            autoFocus
            onChange={({ detail }) => setText(detail.value)}
            onKeyDown={({ detail }) => detail.key === 'Enter' && start()}
          />
        </FormField>
        <ApiAlert error={error} action="Switch role" />
      </SpaceBetween>
    </Dialog>
  )
}
