/** Shows an error from the API with its code and request ID. If a call was denied, the alert displays the reason. */
import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import type { ReactNode } from 'react'
import type { ApiError } from '../api/errors.ts'
import { hrefOf } from '../app/router.ts'
import { visibleLines } from '../../src/text/visible-text.ts'
import { PageLink } from './values.tsx'

interface ApiAlertProps {
  readonly error: ApiError | undefined
  /** The action that failed, such as "List CAs". */
  readonly action: string
  readonly onRetry?: (() => void) | undefined
}

export function ApiAlert({ error, action, onRetry }: ApiAlertProps): ReactNode {
  if (error === undefined) return null
  const { code, message, requestId, operation, isDenied } = error
  const [, approvalId] = isDenied ? (/approval ID is ([0-9a-f-]{36})/.exec(message) ?? []) : []
  const details = [
    operation && `Operation ${operation}`,
    `Error ${code}`,
    requestId && `Request ID ${requestId}`,
  ]
  return (
    <Alert
      type={isDenied ? 'warning' : 'error'}
      header={isDenied ? `${action}: denied` : `${action}: failed`}
      action={onRetry && !isDenied ? <Button onClick={onRetry}>Try again</Button> : undefined}
    >
      {visibleLines(message)}
      {approvalId !== undefined && (
        <div>
          After a second person has approved the request, repeat the action on this page.{' '}
          <PageLink href={hrefOf(`approvals/${approvalId}`)}>Open the approval</PageLink>
        </div>
      )}
      <Box variant="small" color="inherit" display="block">
        {details.filter(Boolean).join(' · ')}
      </Box>
    </Alert>
  )
}
