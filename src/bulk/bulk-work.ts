/**
 * The interface for work on large numbers of rows: CRL entries, audit reports and counts. Bulk work runs outside the main thread
 * and has its own database connection.
 */
import type { AuditedAuthority, AuditReportFormat } from '../authority/audit-report.ts'
import type { SearchRange } from '../store/certificate-search.ts'
import type { CrlScope } from '../store/revocations.ts'
import type { TbsCertListFields } from '../x509/certificate-list.ts'

export interface BulkWork {
  /** Builds a TBSCertList of the revocations in `scope`, from a single database snapshot. */
  tbsCertList(fields: TbsCertListFields, scope: CrlScope): Promise<BuiltCrl>
  /**
   * Returns an audit report in pieces of a few hundred kilobytes. Each piece of the report is built when the caller requests it.
   */
  auditReport(request: AuditReportRequest): AsyncIterable<Uint8Array>
  /** Counts the certificates in each range of positions, up to `max` per range. */
  countByPosition(ranges: readonly SearchRange<number>[], max: number): Promise<number[]>
  /**
   * Looks up a serial number in a DER-encoded CRL. The CRL's memory is transferred to the thread. Rejects if the CRL is
   * malformed.
   */
  findInCrl(crlDer: Uint8Array<ArrayBuffer>, serialNumber: Uint8Array): Promise<CrlLookup>
  /** Stops the worker thread and rejects pending requests. */
  close(): Promise<void>
}

export interface BuiltCrl {
  readonly tbsCertListDer: Uint8Array
  readonly entries: number
}

/** The header of a CRL, and the CRL entry for a serial number. */
export interface CrlLookup {
  readonly crlNumber: bigint | undefined
  readonly thisUpdate: Date
  readonly nextUpdate: Date
  readonly entry: { readonly revokedAt: Date; readonly reasonCode: number } | undefined
}

export interface AuditReportRequest {
  readonly authorityNumber: number
  readonly authority: AuditedAuthority
  readonly format: AuditReportFormat
}
