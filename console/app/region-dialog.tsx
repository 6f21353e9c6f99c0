/** The dialog for switching to another Region. Each Region has its own CAs. */
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import { useState, type ReactNode } from 'react'
import { Dialog } from '../widgets/dialog.tsx'
import { regionForm } from './session.ts'

interface RegionDialogProps {
  readonly region: string
  readonly onChoose: (region: string) => void
  readonly onClose: () => void
}

export function RegionDialog({ region, onChoose, onClose }: RegionDialogProps): ReactNode {
  const [text, setText] = useState(region)
  const isValid = regionForm.test(text)
  const choose = (): void => {
    if (isValid) onChoose(text)
  }
  return (
    <Dialog
      title="Region"
      action={{ text: 'Use this Region', isReady: isValid, onClick: choose }}
      onClose={onClose}
    >
      <FormField
        label="Region"
        description="Each Region in an account has its own CAs."
        errorText={
          isValid
            ? undefined
            : 'The name of a Region consists of lower-case letters, digits and hyphens.'
        }
      >
        <Input
          value={text}
          spellcheck={false}
          onChange={({ detail }) => setText(detail.value)}
          onKeyDown={({ detail }) => detail.key === 'Enter' && choose()}
        />
      </FormField>
    </Dialog>
  )
}
