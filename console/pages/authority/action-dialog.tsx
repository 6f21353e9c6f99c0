/** Dialogs that disable, enable, delete and restore a CA. */
import Alert from '@cloudscape-design/components/alert'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import { useState, type ReactNode } from 'react'
import type { ButtonDropdownProps } from '@cloudscape-design/components/button-dropdown'
import type { Client } from '../../api/client.ts'
import type { Authority } from '../../api/types.ts'
import { ConfirmDialog } from '../../widgets/confirm-dialog.tsx'

export type AuthorityAction = 'disable' | 'enable' | 'delete' | 'restore'

/** The actions possible in each CA state. */
const states: Readonly<Record<AuthorityAction, readonly Authority['Status'][]>> = {
  disable: ['ACTIVE'],
  enable: ['DISABLED'],
  delete: ['PENDING_CERTIFICATE', 'DISABLED', 'EXPIRED', 'FAILED', 'CREATING'],
  restore: ['DELETED'],
}

export function actionsOf({ Status }: Authority): ButtonDropdownProps.Item[] {
  const canRenew = ['ACTIVE', 'DISABLED', 'EXPIRED'].includes(Status)
  const renew = {
    id: 'renew',
    text: 'Renew…',
    disabled: !canRenew,
    ...(!canRenew && { disabledReason: `This action is not possible in the state ${Status}.` }),
  }
  const changes = (Object.keys(states) as AuthorityAction[]).map((id) => {
    const disabled = !states[id].includes(Status)
    const disabledReason =
      id === 'delete' && Status === 'ACTIVE'
        ? 'Disable the CA first.'
        : `This action is not possible in the state ${Status}.`
    return { id, text: labels[id], disabled, ...(disabled && { disabledReason }) }
  })
  return [renew, ...changes]
}

const labels: Readonly<Record<AuthorityAction, string>> = {
  disable: 'Disable',
  enable: 'Enable',
  delete: 'Delete',
  restore: 'Restore',
}

const explanations: Readonly<Record<AuthorityAction, string>> = {
  disable:
    'The CA issues no certificates until you enable it again. Issued certificates stay valid, and the CA continues to publish CRLs and OCSP responses.',
  enable: 'The CA can issue certificates again.',
  delete:
    'The CA can no longer issue certificates or CRLs. You can restore it during the restoration period. After that, its key is destroyed, and nobody can restore the CA.',
  restore: 'The restored CA is disabled, or waits for its certificate.',
}

const finished: Readonly<Record<AuthorityAction, string>> = {
  disable: 'disabled',
  enable: 'enabled',
  delete: 'deleted',
  restore: 'restored',
}

interface ActionDialogProps {
  readonly action: AuthorityAction
  readonly authority: Authority
  readonly name: string
  readonly onDone: () => void
  readonly onClose: () => void
}

const restorationDays = { min: 7, max: 30 }

export function ActionDialog(props: ActionDialogProps): ReactNode {
  const { action, authority, name, onDone, onClose } = props
  const [days, setDays] = useState(String(restorationDays.max))
  const isDaysValid =
    /^\d{1,2}$/.test(days) &&
    Number(days) >= restorationDays.min &&
    Number(days) <= restorationDays.max
  const isSerious = action === 'delete' || action === 'disable'
  return (
    <ConfirmDialog
      title={`${labels[action]} ${name}?`}
      action={labels[action]}
      confirmation={isSerious ? action : undefined}
      isValid={action !== 'delete' || isDaysValid}
      onConfirm={(client) => perform(client, { action, arn: authority.Arn, days: Number(days) })}
      onClose={onClose}
      done={`${name} is ${finished[action]}.`}
      onDone={onDone}
    >
      <Alert type={isSerious ? 'warning' : 'info'}>{explanations[action]}</Alert>
      {action === 'delete' && (
        <FormField
          label="Restoration period in days"
          errorText={isDaysValid ? undefined : 'The period must be 7 to 30 days.'}
        >
          <Input type="number" value={days} onChange={({ detail }) => setDays(detail.value)} />
        </FormField>
      )}
    </ConfirmDialog>
  )
}

async function perform(
  client: Client,
  {
    action,
    arn,
    days,
  }: { readonly action: AuthorityAction; readonly arn: string; readonly days: number },
): Promise<void> {
  const input = { CertificateAuthorityArn: arn }
  if (action === 'delete')
    await client.call('DeleteCertificateAuthority', { ...input, PermanentDeletionTimeInDays: days })
  else if (action === 'restore') await client.call('RestoreCertificateAuthority', input)
  else {
    const Status = action === 'enable' ? 'ACTIVE' : 'DISABLED'
    await client.call('UpdateCertificateAuthority', { ...input, Status })
  }
}
