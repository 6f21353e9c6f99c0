/** A container for content that is loaded from the API. */
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import type { ReactNode } from 'react'
import type { Loaded } from '../app/use-call.ts'
import { ApiAlert } from './api-alert.tsx'

interface LoadedViewProps<Value> {
  readonly loaded: Loaded<Value | undefined>
  /** Name of the content, such as `the user`. */
  readonly what: string
  /** Description of the failed action, for the error message. */
  readonly action?: string
  readonly children: (value: Value) => ReactNode
}

export function LoadedView<Value>(props: LoadedViewProps<Value>): ReactNode {
  const { loaded, what, action = `Read ${what}`, children } = props
  const { value, error, reload } = loaded
  if (error !== undefined) return <ApiAlert error={error} action={action} onRetry={reload} />
  if (value === undefined) return <StatusIndicator type="loading">Loading {what}</StatusIndicator>
  return children(value)
}
