/**
 * The interface for work on many rows: CRL entries, audit reports, counts. The work runs off the main thread, on its own
 * connection.
 */
import type { AuditedAuthority, AuditReportFormat } from '../authority/audit-report.ts'
import type { SearchRange } from '../store/certificate-search.ts'
import type { CrlScope } from '../store/revocations.ts'
import type { TbsCertListFields } from '../x509/certificate-list.ts'

export interface BulkWork {
  /** Builds a TBSCertList with the revocations in `scope` from one snapshot of the database. */
  tbsCertList(fields: TbsCertListFields, scope: CrlScope): Promise<BuiltCrl>
  /** Returns an audit report in pieces of a few hundred kilobytes. Each piece is built when the caller requests it. */
  auditReport(request: AuditReportRequest): AsyncIterable<Uint8Array>
  /** Counts the certificates in each range of positions, up to `max` in a range. */
  countByPosition(ranges: readonly SearchRange<number>[], max: number): Promise<number[]>
  /** Ends the thread. Pending requests are rejected. */
  close(): Promise<void>
}

export interface BuiltCrl {
  readonly tbsCertListDer: Uint8Array
  readonly entries: number
}

export interface AuditReportRequest {
  readonly authorityNumber: number
  readonly authority: AuditedAuthority
  readonly format: AuditReportFormat
}
