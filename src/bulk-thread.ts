/**
 * The thread of bulk work: its own composition root, with a connection that only reads. Requests are answered one after
 * the other; a report is made page by page, so that other requests come in between.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { reportForms } from './authority/audit-report.ts'
import type { AuditReportRequest, BuiltCrl } from './bulk-work.ts'
import {
  auditedCertificateOf,
  certificateNumberOf,
  selectAuditedCertificates,
} from './store/audit-report-rows.ts'
import { bytesOf, integerOf } from './store/columns.ts'
import { selectRevocations, type CrlScope } from './store/revocations.ts'
import { SqliteConnection } from './store/sqlite-connection.ts'
import { encodeTbsCertList, type TbsCertListFields } from './x509/certificate-list.ts'
import { RevokedCertificatesWriter } from './x509/revoked-certificates.ts'

export type BulkRequest =
  | { readonly kind: 'crl'; readonly fields: TbsCertListFields; readonly scope: CrlScope }
  | { readonly kind: 'report'; readonly request: AuditReportRequest; readonly after: number }

export interface ReportPage {
  readonly text: Uint8Array
  /** Number of the last certificate in it; undefined if the report ends here. */
  readonly last: number | undefined
}

export type BulkAnswer =
  | { readonly id: number; readonly crl: BuiltCrl }
  | { readonly id: number; readonly page: ReportPage }
  | { readonly id: number; readonly failure: string }

const pageRows = 1000

function serve(port: NonNullable<typeof parentPort>, path: string): void {
  const connection = new SqliteConnection(path, { readOnly: true })
  port.on('message', ({ id, ...request }: BulkRequest & { readonly id: number }) => {
    try {
      if (request.kind === 'crl') {
        const crl = buildCrl(connection, request.fields, request.scope)
        port.postMessage({ id, crl } satisfies BulkAnswer, [
          crl.tbsCertListDer.buffer as ArrayBuffer,
        ])
      } else {
        const page = buildPage(connection, request.request, request.after)
        port.postMessage({ id, page } satisfies BulkAnswer, [page.text.buffer as ArrayBuffer])
      }
    } catch (error) {
      const failure = error instanceof Error ? (error.stack ?? error.message) : String(error)
      port.postMessage({ id, failure } satisfies BulkAnswer)
    }
  })
}

function buildCrl(
  connection: SqliteConnection,
  fields: TbsCertListFields,
  scope: CrlScope,
): BuiltCrl {
  const writer = new RevokedCertificatesWriter()
  for (const row of connection.iterate(selectRevocations(scope)))
    writer.add({
      serialNumber: bytesOf(row, 'serial_number'),
      revocationDate: new Date(integerOf(row, 'revoked_at_ms')),
      reasonCode: integerOf(row, 'reason_code'),
    })
  return { tbsCertListDer: encodeTbsCertList(fields, writer.pieces()), entries: writer.entries }
}

function buildPage(
  connection: SqliteConnection,
  { authorityNumber, authority, format }: AuditReportRequest,
  after: number,
): ReportPage {
  const form = reportForms[format]
  const rows = connection.run(selectAuditedCertificates(authorityNumber, after, pageRows))
  const texts = rows.map((row) => form.row(auditedCertificateOf(row), authority))
  const lastRow = rows.at(-1)
  const isLast = lastRow === undefined || rows.length < pageRows
  // Before the first row of all is the head; before the first of a later page, a separator.
  const before = after === 0 ? form.head : rows.length > 0 ? form.separator : ''
  const text = `${before}${texts.join(form.separator)}${isLast ? form.tail : ''}`
  // A buffer of its own, which can be handed over.
  return {
    text: new TextEncoder().encode(text),
    last: isLast ? undefined : certificateNumberOf(lastRow),
  }
}

if (parentPort !== null) serve(parentPort, (workerData as { path: string }).path)
