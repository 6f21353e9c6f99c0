/** A dialog with a button for an action and the button "Cancel", or with only the button "Close". */
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Modal, { type ModalProps } from '@cloudscape-design/components/modal'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'

interface DialogProps extends Pick<ModalProps, 'size'> {
  readonly title: string
  readonly action?: DialogAction
  readonly onClose: () => void
  readonly children: ReactNode
}

interface DialogAction {
  readonly text: string
  readonly isReady: boolean
  /** While the action is running, the dialog stays open. */
  readonly isRunning?: boolean
  readonly onClick: () => void
}

export function Dialog({ title, size, action, onClose, children }: DialogProps): ReactNode {
  const isRunning = action?.isRunning === true
  return (
    <Modal
      visible
      size={size ?? 'medium'}
      header={title}
      closeAriaLabel="Close"
      onDismiss={() => !isRunning && onClose()}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button
              variant={action === undefined ? 'primary' : 'link'}
              disabled={isRunning}
              onClick={onClose}
            >
              {action === undefined ? 'Close' : 'Cancel'}
            </Button>
            {action !== undefined && (
              <Button
                variant="primary"
                disabled={!action.isReady}
                loading={isRunning}
                onClick={action.onClick}
              >
                {action.text}
              </Button>
            )}
          </SpaceBetween>
        </Box>
      }
    >
      {children}
    </Modal>
  )
}
