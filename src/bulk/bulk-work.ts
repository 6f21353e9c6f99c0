/** The port to work over more rows than fit into a tick: done off the main thread, on a connection of its own. */
import type { AuditedAuthority, AuditReportFormat } from '../authority/audit-report.ts'
import type { CrlScope } from '../store/revocations.ts'
import type { TbsCertListFields } from '../x509/certificate-list.ts'

export interface BulkWork {
  /** A TBSCertList of the revocations in `scope`, as one read sees them. */
  tbsCertList(fields: TbsCertListFields, scope: CrlScope): Promise<BuiltCrl>
  /** An audit report in pieces of some hundred kilobytes, each made when it is asked for. */
  auditReport(request: AuditReportRequest): AsyncIterable<Uint8Array>
  /** Ends the thread; what is going on there fails. */
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
