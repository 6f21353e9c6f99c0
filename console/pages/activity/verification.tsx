/** Verification of entries in the browser, with its progress and result. */
import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import ProgressBar from '@cloudscape-design/components/progress-bar'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { toApiError } from '../../api/errors.ts'
import type { RecordEntry } from '../../api/types.ts'
import { useSession } from '../../app/session.ts'
import { RecordMismatch, UnsupportedBrowser } from '../../record/verify.ts'
import { verifyEntries, type VerificationReport } from '../../record/verify-entries.ts'
import { forgetCheckpoint, seenCheckpoint } from '../../record/witness.ts'
import { ApiAlert } from '../../widgets/api-alert.tsx'
import { Time } from '../../widgets/values.tsx'

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly done: number; readonly total: number }
  | { readonly kind: 'finished'; readonly report: VerificationReport }
  | { readonly kind: 'failed'; readonly error: unknown }

export interface Verification {
  readonly state: State
  readonly start: (entries: readonly RecordEntry[], authorityArn?: string) => void
  readonly clear: () => void
}

/** Verifies entries while the page is displayed. */
export function useVerification(): Verification {
  const { client } = useSession()
  const [state, setState] = useState<State>({ kind: 'idle' })
  const running = useRef<AbortController>(undefined)
  useEffect(() => () => running.current?.abort(), [])
  const start: Verification['start'] = (entries, authorityArn) => {
    running.current?.abort()
    const controller = new AbortController()
    const { signal } = controller
    running.current = controller
    const show = (next: State): void => {
      if (!signal.aborted) setState(next)
    }
    show({ kind: 'running', done: 0, total: entries.length })
    const onProgress = (done: number): void =>
      show({ kind: 'running', done, total: entries.length })
    verifyEntries(client, entries, { authorityArn, signal, onProgress }).then(
      (report) => show({ kind: 'finished', report }),
      (error: unknown) => show({ kind: 'failed', error }),
    )
  }
  const clear = (): void => {
    running.current?.abort()
    setState({ kind: 'idle' })
  }
  return { state, start, clear }
}

export function VerificationResult({ state, clear }: Verification): ReactNode {
  switch (state.kind) {
    case 'idle':
      return null
    case 'running':
      return (
        <ProgressBar
          label="Verification in this browser"
          value={state.total === 0 ? 0 : (state.done / state.total) * 100}
          additionalInfo={`${state.done} of ${state.total} entries`}
        />
      )
    case 'finished':
      return <Report report={state.report} />
    case 'failed':
      return <Failure error={state.error} onClear={clear} />
  }
}

const shownFailures = 20

function Report({ report }: { readonly report: VerificationReport }): ReactNode {
  const { failures, verified, waiting, tree, earlier } = report
  const entries = (count: number): string => (count === 1 ? '1 entry' : `${count} entries`)
  if (failures.length > 0)
    return (
      <Alert type="error" header="Verification failed: the record was altered">
        <SpaceBetween size="xs">
          <ul className="names">
            {failures.slice(0, shownFailures).map(({ index, reason }) => (
              <li key={index}>{reason}</li>
            ))}
          </ul>
          {failures.length > shownFailures && (
            <div>{entries(failures.length - shownFailures)} more cannot be verified.</div>
          )}
          <div>
            On the server, run signet verify, which names every altered row. Keep the database as
            evidence.
          </div>
        </SpaceBetween>
      </Alert>
    )
  return (
    <Alert type="success" header={`${entries(verified)} verified`}>
      The signed checkpoint with {entries(tree.size)} covers {verified === 1 ? 'it' : 'them'}.
      {waiting > 0 &&
        ` No checkpoint covers the newest ${entries(waiting)} yet; try again in a second.`}{' '}
      {earlier === undefined ? (
        <>
          This browser has verified the record for the first time. The browser keeps the checkpoint,
          and reports if anyone rewrites the record later. Compare the key with the output of signet
          log key: {keyId(tree.key)}.
        </>
      ) : (
        <>
          The record still begins with the {entries(earlier.size)} that this browser saw on{' '}
          <Time seconds={earlier.seenAt} />.
        </>
      )}
    </Alert>
  )
}

function Failure({
  error,
  onClear,
}: {
  readonly error: unknown
  readonly onClear: () => void
}): ReactNode {
  if (error instanceof UnsupportedBrowser)
    return (
      <Alert type="warning" header="This browser cannot verify the record">
        {error.message}
      </Alert>
    )
  if (!(error instanceof RecordMismatch))
    return <ApiAlert error={toApiError(error)} action="Verify the record" />
  const earlier = seenCheckpoint()
  return (
    <Alert
      type="error"
      header="Verification failed: the record was altered"
      action={
        earlier && (
          <Button
            onClick={() => {
              forgetCheckpoint()
              onClear()
            }}
          >
            Forget the earlier checkpoint
          </Button>
        )
      }
    >
      <SpaceBetween size="xs">
        <div>{error.message}</div>
        {earlier && (
          <div>
            This browser keeps the checkpoint of <Time seconds={earlier.seenAt} /> as evidence. If
            an older backup was restored since then, this result is expected. Forget the checkpoint,
            and verify the entries again.
          </div>
        )}
        {earlier && <pre className="pem">{earlier.note}</pre>}
      </SpaceBetween>
    </Alert>
  )
}

/** Returns the name and ID of a verification key, without the key itself. */
export function keyId(key: string): string {
  return key.split('+').slice(0, 2).join('+')
}
