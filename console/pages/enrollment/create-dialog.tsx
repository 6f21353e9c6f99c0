/** Dialog with the commands that create an endpoint. The API cannot create endpoints. */
import Box from '@cloudscape-design/components/box'
import FormField from '@cloudscape-design/components/form-field'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import type { Authority } from '../../api/types.ts'
import { AuthoritySelect } from '../../widgets/authority-select.tsx'
import { Dialog } from '../../widgets/dialog.tsx'
import { Command } from '../../widgets/values.tsx'

interface CreateDialogProps {
  readonly authorities: readonly Authority[]
  readonly onClose: () => void
}

const examples = [
  [
    'ACME endpoint whose clients prove control of names',
    "signet acme create web --names '*.corp.example'",
  ],
  [
    'ACME endpoint whose clients need an EAB key instead',
    'signet acme create internal --challenges none',
  ],
  ['EST endpoint for devices', 'signet est create devices'],
] as const

export function CreateDialog({ authorities, onClose }: CreateDialogProps): ReactNode {
  const active = authorities.filter(({ Status }) => Status === 'ACTIVE')
  const [selected, setSelected] = useState('')
  const issuing = active.find(({ Type }) => Type === 'SUBORDINATE') ?? active[0]
  const ca = selected || (issuing?.Arn ?? 'CA')
  return (
    <Dialog size="large" title="Create endpoint" onClose={onClose}>
      <SpaceBetween size="m">
        <Box variant="p">
          The API cannot create endpoints. Run one of these commands on the server, with the name of
          your endpoint and the names that its clients may request.
        </Box>
        <FormField label="CA">
          <AuthoritySelect
            authorities={active}
            selected={ca}
            empty="No CA in this Region is active."
            onSelect={setSelected}
          />
        </FormField>
        {examples.map(([label, command]) => (
          <div key={label}>
            <Box variant="awsui-key-label">{label}</Box>
            <Command text={`${command} --ca ${ca}`} />
          </div>
        ))}
      </SpaceBetween>
    </Dialog>
  )
}
