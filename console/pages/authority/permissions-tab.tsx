/** The tab with the permissions that services, such as acm.amazonaws.com, have on a CA. */
import Button from '@cloudscape-design/components/button'
import Checkbox from '@cloudscape-design/components/checkbox'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table from '@cloudscape-design/components/table'
import { useState, type ReactNode } from 'react'
import { listAll } from '../../api/client.ts'
import type { Permission } from '../../api/types.ts'
import { useCall } from '../../app/use-call.ts'
import { ApiAlert } from '../../widgets/api-alert.tsx'
import { ConfirmDialog } from '../../widgets/confirm-dialog.tsx'
import { Empty, ForeignText, Time } from '../../widgets/values.tsx'

const actions = ['IssueCertificate', 'GetCertificate', 'ListPermissions'] as const

export function PermissionsTab({ arn }: { readonly arn: string }): ReactNode {
  const [removed, setRemoved] = useState<Permission>()
  const [isCreating, setCreating] = useState(false)
  const loaded = useCall(`permissions ${arn}`, async (client, signal) => {
    const input = { CertificateAuthorityArn: arn }
    const { items } = await listAll(client, 'ListPermissions', {
      input,
      signal,
      items: ({ Permissions }) => Permissions,
    })
    return items
  })
  const finish = (): void => {
    setRemoved(undefined)
    setCreating(false)
    loaded.reload()
  }
  if (loaded.error !== undefined)
    return <ApiAlert error={loaded.error} action="List permissions" onRetry={loaded.reload} />
  const create = <Button onClick={() => setCreating(true)}>Create permission</Button>
  return (
    <>
      <Table
        header={
          <Header
            variant="h2"
            actions={create}
            description="Permissions of services to use this CA."
          >
            Permissions
          </Header>
        }
        ariaLabels={{ tableLabel: 'Permissions' }}
        loading={loaded.isLoading && loaded.value === undefined}
        loadingText="Loading permissions"
        wrapLines
        items={[...(loaded.value ?? [])]}
        empty={
          <Empty title="No permissions" action={create}>
            Only services need a permission. Users and roles use the CA with their own policies.
          </Empty>
        }
        columnDefinitions={[
          {
            id: 'principal',
            header: 'Service',
            isRowHeader: true,
            cell: ({ Principal }) => <ForeignText text={Principal} />,
          },
          { id: 'actions', header: 'Actions', cell: ({ Actions }) => Actions.join(', ') },
          { id: 'account', header: 'Account', cell: ({ SourceAccount }) => SourceAccount ?? '–' },
          {
            id: 'created',
            header: 'Created',
            cell: ({ CreatedAt }) => <Time seconds={CreatedAt} />,
          },
          {
            id: 'delete',
            header: 'Delete',
            cell: (permission) => (
              <Button
                variant="inline-link"
                ariaLabel={`Delete the permission of ${permission.Principal}`}
                onClick={() => setRemoved(permission)}
              >
                Delete
              </Button>
            ),
          },
        ]}
      />
      {isCreating && <CreateDialog arn={arn} onClose={() => setCreating(false)} onDone={finish} />}
      {removed !== undefined && (
        <ConfirmDialog
          title={`Delete the permission of ${removed.Principal}?`}
          action="Delete"
          onConfirm={async (client) => {
            await client.call('DeletePermission', {
              CertificateAuthorityArn: arn,
              Principal: removed.Principal,
              ...(removed.SourceAccount !== undefined && { SourceAccount: removed.SourceAccount }),
            })
          }}
          onClose={() => setRemoved(undefined)}
          done="The permission is deleted."
          onDone={finish}
        >
          The service can no longer use this CA.
        </ConfirmDialog>
      )}
    </>
  )
}

interface CreateDialogProps {
  readonly arn: string
  readonly onDone: () => void
  readonly onClose: () => void
}

function CreateDialog({ arn, onDone, onClose }: CreateDialogProps): ReactNode {
  const [principal, setPrincipal] = useState('acm.amazonaws.com')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(actions))
  return (
    <ConfirmDialog
      title="Create permission"
      action="Create"
      isValid={principal !== '' && chosen.size > 0}
      onConfirm={async (client) => {
        await client.call('CreatePermission', {
          CertificateAuthorityArn: arn,
          Principal: principal,
          Actions: actions.filter((action) => chosen.has(action)),
        })
      }}
      done="The permission is created."
      onDone={onDone}
      onClose={onClose}
    >
      <SpaceBetween size="m">
        <FormField label="Service">
          <Input
            value={principal}
            spellcheck={false}
            onChange={({ detail }) => setPrincipal(detail.value.trim())}
          />
        </FormField>
        <FormField label="Actions">
          {actions.map((action) => (
            <Checkbox
              key={action}
              checked={chosen.has(action)}
              onChange={({ detail }) => {
                const changed = new Set(chosen)
                if (detail.checked) changed.add(action)
                else changed.delete(action)
                setChosen(changed)
              }}
            >
              {action}
            </Checkbox>
          ))}
        </FormField>
      </SpaceBetween>
    </ConfirmDialog>
  )
}
