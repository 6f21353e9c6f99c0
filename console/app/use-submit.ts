import type { Client } from '../api/client.ts'
import type { ApiError } from '../api/errors.ts'
import { useNotify } from './notifications.ts'
import { useAction } from './use-call.ts'

interface Submission {
  readonly submit: () => void
  readonly isRunning: boolean
  readonly error: ApiError | undefined
}

/** The submit action of a form. After a successful submission, the message `done` is shown and `onDone` is called. */
export function useSubmit(
  act: (client: Client) => Promise<void>,
  { done, onDone }: { readonly done?: string | undefined; readonly onDone?: () => void } = {},
): Submission {
  const notify = useNotify()
  const { run, isRunning, error } = useAction(act)
  const runAndNotify = async (): Promise<void> => {
    if (!(await run())) return
    if (done !== undefined) notify({ type: 'success', header: done })
    onDone?.()
  }
  const submit = (): void => {
    // useAction has already stored the error.
    runAndNotify().catch(() => undefined)
  }
  return { submit, isRunning, error }
}
