/** A dialog that asks the user to type a text to confirm an action with serious consequences. */
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import type { Client } from '../api/client.ts'
import { useSubmit } from '../app/use-submit.ts'
import { ApiAlert } from './api-alert.tsx'
import { Dialog } from './dialog.tsx'

interface ConfirmDialogProps {
  readonly title: string
  /** Label of the button, and name of the action in error messages. */
  readonly action: string
  /** Text that the user must type; undefined if a click is sufficient. */
  readonly confirmation?: string | undefined
  readonly isValid?: boolean
  readonly children: ReactNode
  readonly onConfirm: (client: Client) => Promise<void>
  /** Message shown after the action has succeeded. */
  readonly done?: string
  readonly onDone: () => void
  readonly onClose: () => void
}

export function ConfirmDialog(props: ConfirmDialogProps): ReactNode {
  const {
    title,
    action,
    confirmation,
    isValid = true,
    children,
    onConfirm,
    done,
    onDone,
    onClose,
  } = props
  const [typed, setTyped] = useState('')
  const { submit, isRunning, error } = useSubmit(onConfirm, { done, onDone })
  const isReady = isValid && (confirmation === undefined || typed === confirmation)
  return (
    <Dialog
      title={title}
      action={{ text: action, isReady, isRunning, onClick: submit }}
      onClose={onClose}
    >
      <SpaceBetween size="m">
        {children}
        {confirmation !== undefined && (
          <FormField label={`To confirm, type ${confirmation}`}>
            <Input
              value={typed}
              placeholder={confirmation}
              spellcheck={false}
              autoComplete={false}
              onChange={({ detail }) => setTyped(detail.value)}
            />
          </FormField>
        )}
        <ApiAlert error={error} action={action} />
      </SpaceBetween>
    </Dialog>
  )
}
