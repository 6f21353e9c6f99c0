/**
 * Entry point of the bulk worker thread, which has its own read-only database connection. The thread handles requests
 * sequentially. The thread builds audit reports page by page, so that other requests can run between pages.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { reportForms } from '../authority/audit-report.ts'
import type { AuditReportRequest, BuiltCrl, CrlLookup } from './bulk-work.ts'
import {
  auditedCertificateOf,
  certificateNumberOf,
  selectAuditedCertificates,
} from '../store/audit-report-rows.ts'
import { countByPosition, type SearchRange } from '../store/certificate-search.ts'
import { bytesOf, integerOf } from '../store/columns.ts'
import { crlStart, selectRevocations, type CrlScope } from '../store/revocations.ts'
import { loadEngine, type DatabaseLocation } from '../store/engines/index.ts'
import type { RowReader } from '../store/engine.ts'
import { TextBuffer } from './text-buffer.ts'
import {
  encodeTbsCertList,
  parseCertificateList,
  type TbsCertListFields,
} from '../x509/certificate-list.ts'
import { readRevokedCertificates, RevokedCertificatesWriter } from '../x509/revoked-certificates.ts'
import { serialNumberKey } from '../x509/serial-number-text.ts'

export type BulkRequest =
  | { readonly kind: 'crl'; readonly fields: TbsCertListFields; readonly scope: CrlScope }
  | { readonly kind: 'report'; readonly request: AuditReportRequest; readonly after: number }
  | {
      readonly kind: 'count'
      readonly ranges: readonly SearchRange<number>[]
      readonly max: number
    }
  | {
      readonly kind: 'find'
      readonly crlDer: Uint8Array<ArrayBuffer>
      readonly serialNumber: Uint8Array
    }

export interface ReportPage {
  readonly text: Uint8Array<ArrayBuffer>
  /** Row number of the last certificate on the page; undefined on the last page of the report. */
  readonly last: number | undefined
}

export type BulkReply =
  | { readonly id: number; readonly crl: BuiltCrl }
  | { readonly id: number; readonly page: ReportPage }
  | { readonly id: number; readonly counts: number[] }
  | { readonly id: number; readonly found: CrlLookup }
  | { readonly id: number; readonly failure: string }

const pageRows = 500
const page = new TextBuffer()

/** Opens the database; if that fails, the thread ends. */
async function openRows(location: DatabaseLocation): Promise<RowReader> {
  const engine = await loadEngine(location)
  return engine.openRows()
}

function serve(port: NonNullable<typeof parentPort>, opening: Promise<RowReader>): void {
  let last: Promise<void> = Promise.resolve()
  port.on('message', ({ id, ...request }: BulkRequest & { readonly id: number }) => {
    last = last.then(() => answer(id, request))
  })

  async function answer(id: number, request: BulkRequest): Promise<void> {
    const rows = await opening
    try {
      if (request.kind === 'count') {
        const counts = await countRanges(rows, request.ranges, request.max)
        port.postMessage({ id, counts } satisfies BulkReply)
      } else if (request.kind === 'find') {
        const found = findInCrl(request.crlDer, request.serialNumber)
        port.postMessage({ id, found } satisfies BulkReply)
      } else if (request.kind === 'crl') {
        const crl = await readTbsCertList(rows, request.fields, request.scope)
        port.postMessage({ id, crl } satisfies BulkReply, [
          crl.tbsCertListDer.buffer as ArrayBuffer,
        ])
      } else {
        const reportPage = await buildPage(rows, request.request, request.after)
        port.postMessage({ id, page: reportPage } satisfies BulkReply, [reportPage.text.buffer])
      }
    } catch (error) {
      const failure = error instanceof Error ? (error.stack ?? error.message) : String(error)
      port.postMessage({ id, failure } satisfies BulkReply)
    }
  }
}

function findInCrl(crlDer: Uint8Array, serialNumber: Uint8Array): CrlLookup {
  const { crlNumber, thisUpdate, nextUpdate, revokedCertificates } = parseCertificateList(crlDer)
  const header = { crlNumber, thisUpdate, nextUpdate }
  const key = serialNumberKey(serialNumber)
  for (const entry of readRevokedCertificates(revokedCertificates)) {
    if (serialNumberKey(entry.serialNumber) !== key) continue
    const { revocationDate: revokedAt, reasonCode } = entry
    return { ...header, entry: { revokedAt, reasonCode } }
  }
  return { ...header, entry: undefined }
}

async function readTbsCertList(
  rows: RowReader,
  fields: TbsCertListFields,
  scope: CrlScope,
): Promise<BuiltCrl> {
  const writer = new RevokedCertificatesWriter()
  await rows.readSnapshot(async () => {
    let after: number | undefined = crlStart
    while (after !== undefined) after = await addPage(rows, writer, { scope, after })
  })
  return { tbsCertListDer: encodeTbsCertList(fields, writer.pieces()), entries: writer.entries }
}

/**
 * Adds a page of rows to the audit report. Returns the row number of the page's last certificate, or undefined on the last page.
 */
async function addPage(
  reader: RowReader,
  writer: RevokedCertificatesWriter,
  { scope, after }: { readonly scope: CrlScope; readonly after: number },
): Promise<number | undefined> {
  const rows = await reader.read(selectRevocations(scope, after, pageRows))
  for (const row of rows)
    writer.add({
      serialNumber: bytesOf(row, 'serial_number'),
      revocationDate: new Date(integerOf(row, 'revoked_at_ms')),
      reasonCode: integerOf(row, 'reason_code'),
    })
  const last = rows.at(-1)
  return last === undefined || rows.length < pageRows ? undefined : certificateNumberOf(last)
}

async function countRanges(
  reader: RowReader,
  ranges: readonly SearchRange<number>[],
  max: number,
): Promise<number[]> {
  const counts: number[] = []
  for (const range of ranges) {
    const [row] = await reader.read(countByPosition(range, max))
    counts.push(row === undefined ? 0 : integerOf(row, 'found'))
  }
  return counts
}

async function buildPage(
  reader: RowReader,
  { authorityNumber, authority, format }: AuditReportRequest,
  after: number,
): Promise<ReportPage> {
  const form = reportForms[format]
  const rows = await reader.read(selectAuditedCertificates(authorityNumber, after, pageRows))
  if (after === 0) page.append(form.head)
  let before = after === 0 ? form.first : form.separator
  for (const row of rows) {
    page.append(before)
    page.append(form.row(auditedCertificateOf(row), authority))
    before = form.separator
  }
  const last = rows.at(-1)
  const isLast = last === undefined || rows.length < pageRows
  if (isLast) page.append(form.tail(after > 0 || rows.length > 0))
  return { text: page.take(), last: isLast ? undefined : certificateNumberOf(last) }
}

if (parentPort !== null)
  serve(parentPort, openRows((workerData as { readonly location: DatabaseLocation }).location))
