/** A button that exports all certificates that match the filters as CSV, and shows the progress. */
import Button from '@cloudscape-design/components/button'
import { useRef, useState, type ReactNode } from 'react'
import { csvCell } from '../../../src/text/visible-text.ts'
import { listAll } from '../../api/client.ts'
import { toApiError } from '../../api/errors.ts'
import type { CertificateSummary } from '../../api/types.ts'
import { useNotify } from '../../app/notifications.ts'
import { useSession } from '../../app/session.ts'
import { download } from '../../widgets/download.ts'

/** Maximum number of rows in an export. More rows would not fit in a spreadsheet. */
const rowsMax = 1_000_000

const columns: readonly (readonly [string, (row: CertificateSummary) => string])[] = [
  ['serial_number', ({ SerialNumber }) => SerialNumber],
  ['subject', ({ Subject }) => Subject],
  ['alternative_names', ({ SubjectAlternativeNames: names }) => names.join('\n')],
  ['status', ({ Status }) => Status],
  ['not_before', ({ NotBefore }) => iso(NotBefore)],
  ['not_after', ({ NotAfter }) => iso(NotAfter)],
  ['issued_at', ({ IssuedAt }) => iso(IssuedAt)],
  ['revoked_at', ({ RevokedAt }) => (RevokedAt === undefined ? '' : iso(RevokedAt))],
  ['revocation_reason', ({ RevocationReason }) => RevocationReason ?? ''],
  ['template', ({ TemplateArn }) => TemplateArn],
  ['requester', ({ Requester }) => Requester ?? ''],
  ['ca', ({ CertificateAuthorityArn }) => CertificateAuthorityArn],
  ['certificate', ({ CertificateArn }) => CertificateArn],
]

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}

/**
 * Formats rows as CSV (RFC 4180). Every cell is quoted, and text that a spreadsheet would execute as a formula is marked as text.
 */
function csvOf(rows: readonly CertificateSummary[]): string {
  const header = columns.map(([name]) => csvCell(name)).join(',')
  const lines = rows.map((row) => columns.map(([, read]) => csvCell(read(row))).join(','))
  return [header, ...lines, ''].join('\r\n')
}

interface ExportButtonProps {
  /** Input for ListCertificates; undefined if the filters are invalid. */
  readonly input: object | undefined
}

export function ExportButton({ input }: ExportButtonProps): ReactNode {
  const { client } = useSession()
  const notify = useNotify()
  const [count, setCount] = useState<number>()
  const controller = useRef<AbortController>(undefined)
  const run = async (): Promise<void> => {
    controller.current = new AbortController()
    const { signal } = controller.current
    setCount(0)
    try {
      const { items, nextToken } = await listAll(client, 'ListCertificates', {
        input: input ?? {},
        limit: rowsMax,
        signal,
        onProgress: setCount,
        items: ({ Certificates }) => Certificates,
      })
      download('certificates.csv', csvOf(items), 'text/csv')
      if (nextToken !== undefined)
        notify({
          type: 'warning',
          header: `The export contains only the first ${items.length} certificates.`,
        })
    } catch (failure) {
      const { message, requestId } = toApiError(failure)
      const suffix = requestId === undefined ? '' : ` Request ID ${requestId}`
      if (!signal.aborted)
        notify({ type: 'error', header: 'The export failed.', text: message + suffix })
    } finally {
      setCount(undefined)
    }
  }
  if (count !== undefined)
    return (
      <Button onClick={() => controller.current?.abort()}>
        Cancel export ({count.toLocaleString()})
      </Button>
    )
  return (
    <Button
      iconName="download"
      disabled={input === undefined}
      onClick={() => {
        run().catch(() => undefined)
      }}
    >
      Export CSV
    </Button>
  )
}
