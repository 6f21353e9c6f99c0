/** Rows of audit reports. The job `write-audit-reports` writes the reports with the status CREATING. */
import type { AuditReportFormat } from '../authority/audit-report.ts'
import { integerOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { latestPlausibleTime, type Lease } from './leases.ts'
import { guard, sql, type Row, type Sql } from './sql.ts'

export interface AuditReport {
  /** ID of the audit report, a UUID. */
  readonly id: string
  readonly authorityNumber: number
  readonly bucket: string
  readonly key: string
  readonly format: AuditReportFormat
  readonly status: 'CREATING' | 'SUCCESS' | 'FAILED'
  readonly createdAt: Date
}

export interface AuditReportWork extends AuditReport {
  readonly authorityId: string
  readonly failures: number
}

/**
 * Inserts an audit report. If the row count is not one, the CA already has a report with the status CREATING, or a report that
 * was requested after `since` and has not failed.
 */
export function insertAuditReport(report: AuditReport, since: Date): Sql {
  const createdAt = report.createdAt.getTime()
  return guard(
    'interval',
    sql`insert into audit_reports (report_id, authority_number, bucket, object_key, format, status,
        created_at_ms, failures, retry_at_ms, lease_until_ms)
      select ${report.id}, ${report.authorityNumber}, ${report.bucket}, ${report.key},
        ${report.format}, ${report.status}, ${createdAt}, 0, 0, 0
      where not exists (select 1 from audit_reports where authority_number = ${report.authorityNumber}
        and (status = 'CREATING'
          or (status = 'SUCCESS' and created_at_ms > ${since.getTime()} and created_at_ms <= ${createdAt})))
      returning report_number`,
  )
}

/** Finds an audit report by its ID. The report may belong to any CA. */
export async function findAuditReport(db: Database, id: string): Promise<AuditReport | undefined> {
  const [row] = await db.query(sql`select * from audit_reports where report_id = ${id}`)
  return row === undefined ? undefined : reportOf(row)
}

/** Claims at most `limit` audit reports to be written, oldest first. */
export function claimAuditReports({ token, now, until }: Lease, limit: number): Sql {
  const nowMs = now.getTime()
  const plausible = latestPlausibleTime(now)
  return sql`update audit_reports set lease = ${token}, lease_until_ms = ${until.getTime()}
    where report_number in (select report_number from audit_reports where status = 'CREATING'
          and (retry_at_ms <= ${nowMs} or retry_at_ms > ${plausible})
          and (lease_until_ms <= ${nowMs} or lease_until_ms > ${plausible})
        order by report_number limit ${limit})
      and (lease_until_ms <= ${nowMs} or lease_until_ms > ${plausible})
    returning *, (select id from authorities a
      where a.authority_number = audit_reports.authority_number) as authority_id`
}

/** Records the final status of an audit report and releases the report's lease. */
export function finishAuditReport(
  { id }: AuditReport,
  status: 'SUCCESS' | 'FAILED',
  { token }: Lease,
): Sql {
  return guard(
    'lease',
    sql`update audit_reports set status = ${status}, lease = null, lease_until_ms = 0
      where report_id = ${id} and lease = ${token} returning report_number`,
  )
}

/** Releases the lease of an audit report that was not written, and sets the time of the next attempt. */
export function postponeAuditReport(
  { id, failures }: AuditReportWork,
  retry: Date,
  { token }: Lease,
): Sql {
  return sql`update audit_reports set failures = ${failures + 1}, retry_at_ms = ${retry.getTime()},
      lease = null, lease_until_ms = 0
    where report_id = ${id} and lease = ${token}`
}

/** Converts a row that claimAuditReports has returned. */
export function auditReportWorkOf(row: Row): AuditReportWork {
  return {
    ...reportOf(row),
    authorityId: textOf(row, 'authority_id'),
    failures: integerOf(row, 'failures'),
  }
}

function reportOf(row: Row): AuditReport {
  return {
    id: textOf(row, 'report_id'),
    authorityNumber: integerOf(row, 'authority_number'),
    bucket: textOf(row, 'bucket'),
    key: textOf(row, 'object_key'),
    format: textOf(row, 'format') as AuditReportFormat,
    status: textOf(row, 'status') as AuditReport['status'],
    createdAt: new Date(integerOf(row, 'created_at_ms')),
  }
}
