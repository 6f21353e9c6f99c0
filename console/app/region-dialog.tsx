/** The dialog for switching to another Region. Each Region has its own CAs. */
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import Modal from '@cloudscape-design/components/modal'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
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
    <Modal
      visible
      header="Region"
      closeAriaLabel="Close"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              Cancel
            </Button>
            <Button variant="primary" disabled={!isValid} onClick={choose}>
              Use this Region
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <FormField
        label="Region"
        description="Each Region in an account has its own CAs."
        errorText={isValid ? undefined : 'A Region has lower-case letters, digits and hyphens.'}
      >
        <Input
          value={text}
          spellcheck={false}
          onChange={({ detail }) => setText(detail.value)}
          onKeyDown={({ detail }) => detail.key === 'Enter' && choose()}
        />
      </FormField>
    </Modal>
  )
}
