/** Dialog that shows the progress of revocations until the CRLs and the OCSP responder contain them. */
import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import ProgressBar from '@cloudscape-design/components/progress-bar'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useEffect, useState, type ReactNode } from 'react'
import type { Client } from '../../api/client.ts'
import { toApiError, type ApiError } from '../../api/errors.ts'
import { useSession } from '../../app/session.ts'
import { ApiAlert } from '../../widgets/api-alert.tsx'
import { Dialog } from '../../widgets/dialog.tsx'
import { isPublished, publicationOf, type Publication } from './check-results.ts'

interface RevokedCertificate {
  readonly CertificateAuthorityArn: string
  readonly SerialNumber: string
}

interface PublicationDialogProps {
  readonly certificates: readonly RevokedCertificate[]
  readonly onClose: () => void
}

const parallelCalls = 4
const pauseMilliseconds = 1000

export function PublicationDialog({ certificates, onClose }: PublicationDialogProps): ReactNode {
  const { states, error } = usePublication(certificates)
  const count = certificates.length
  const known = [...states.values()]
  const isDone = known.length === count && known.every(isPublished)
  return (
    <Dialog
      title={count === 1 ? 'The certificate is revoked' : `${count} certificates are revoked`}
      onClose={onClose}
    >
      <SpaceBetween size="m">
        {isDone ? (
          <Alert type="success">Relying parties can see the revocation.</Alert>
        ) : (
          <Box>
            The server is publishing the revocation, and continues if you close this dialog.
          </Box>
        )}
        <Progress label="OCSP" count={count} values={known.map(({ ocsp }) => ocsp)} />
        <Progress label="CRL" count={count} values={known.map(({ crl }) => crl)} />
        <ApiAlert error={error} action="Check the publication" />
      </SpaceBetween>
    </Dialog>
  )
}

interface ProgressProps {
  readonly label: string
  readonly count: number
  readonly values: readonly (boolean | undefined)[]
}

function Progress({ label, count, values }: ProgressProps): ReactNode {
  const absent = values.filter((value) => value === undefined).length
  const shown = values.filter((value) => value === true).length
  const total = count - absent
  if (total === 0)
    return <Box color="text-body-secondary">{`${label}: not enabled for the CA`}</Box>
  return (
    <ProgressBar
      label={label}
      ariaLabel={`Publication: ${label}`}
      value={(100 * shown) / total}
      additionalInfo={`${shown} of ${total} shown as revoked`}
      status={shown === total ? 'success' : 'in-progress'}
      resultText={`${shown} of ${total} shown as revoked`}
    />
  )
}

/** Checks each certificate until its revocation is published, or until a check fails. */
function usePublication(certificates: readonly RevokedCertificate[]): {
  readonly states: ReadonlyMap<string, Publication>
  readonly error: ApiError | undefined
} {
  const { client } = useSession()
  const [states, setStates] = useState<ReadonlyMap<string, Publication>>(new Map())
  const [error, setError] = useState<ApiError>()
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    const follow = async (): Promise<void> => {
      let waiting = certificates
      while (waiting.length > 0) {
        const found = await checkAll(client, waiting, signal)
        setStates((old) => new Map([...old, ...found]))
        waiting = waiting.filter(({ SerialNumber }) => {
          const state = found.get(SerialNumber)
          return state === undefined || !isPublished(state)
        })
        await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds))
        signal.throwIfAborted()
      }
    }
    follow().catch((failure: unknown) => {
      if (!signal.aborted) setError(toApiError(failure))
    })
    return () => controller.abort()
  }, [client, certificates])
  return { states, error }
}

async function checkAll(
  client: Client,
  certificates: readonly RevokedCertificate[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Publication>> {
  const found = new Map<string, Publication>()
  const waiting = [...certificates]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { CertificateAuthorityArn, SerialNumber } = next
      const input = { CertificateAuthorityArn, SerialNumber }
      const output = await client.call('CheckRevocation', input, { signal })
      found.set(SerialNumber, publicationOf(output))
    }
  }
  await Promise.all(Array.from({ length: parallelCalls }, work))
  return found
}
