/** Pages of a CA's certificates in the order of issuance, for audit reports. */
import type { AuditedCertificate, CertificateSummary } from '../authority/audit-report.ts'
import { reasonOfCode } from '../authority/revocation-reason.ts'
import { bytesOf, integerOf, optionalTextOf, textOf } from './columns.ts'
import { sql, type Row, type Sql } from './sql.ts'

/**
 * Selects a page of certificates whose numbers are greater than `after`, including deleted certificates. If a column exists in
 * only one of the two tables, the other table's rows contain a null of the same type.
 */
export function selectAuditedCertificates(
  authorityNumber: number,
  after: number,
  limit: number,
): Sql {
  return sql`select * from (
      select * from (select c.certificate_number, c.certificate_der, case when 1 = 0 then c.certificate_der end as subject_der,
          case when 1 = 0 then c.not_after end as not_before, c.not_after, c.serial_number, c.template_name, c.issued_at_ms,
          c.requester_account_id, c.requester_service, r.revoked_at_ms, r.reason_code
        from certificates c left join revocations r
          on r.authority_number = c.authority_number and r.certificate_number = c.certificate_number
        where c.authority_number = ${authorityNumber} and c.certificate_number > ${after}
        order by c.certificate_number limit ${limit}) as kept
      union all
      select * from (select certificate_number, case when 1 = 0 then subject_der end as certificate_der, subject_der, not_before, not_after,
          serial_number, template_name, issued_at_ms, requester_account_id, requester_service,
          revoked_at_ms, reason_code
        from retired_certificates
        where authority_number = ${authorityNumber} and certificate_number > ${after}
        order by certificate_number limit ${limit}) as retired
    ) as audited order by certificate_number limit ${limit}`
}

export function certificateNumberOf(row: Row): number {
  return integerOf(row, 'certificate_number')
}

/** The summary of a deleted certificate. */
function summaryOf(row: Row): CertificateSummary {
  const textOfTime = (column: string): string =>
    new Date(integerOf(row, column) * 1000).toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)
  return {
    notBefore: textOfTime('not_before'),
    notAfter: textOfTime('not_after'),
    subjectDer: bytesOf(row, 'subject_der'),
  }
}

export function auditedCertificateOf(row: Row): AuditedCertificate {
  return {
    ...(row['certificate_der'] === null
      ? { summary: summaryOf(row) }
      : { certificateDer: bytesOf(row, 'certificate_der') }),
    serialNumber: bytesOf(row, 'serial_number'),
    templateName: textOf(row, 'template_name'),
    // A certificate without a recorded requester was requested by the CA's owner.
    requesterAccountId: optionalTextOf(row, 'requester_account_id'),
    requesterService: optionalTextOf(row, 'requester_service'),
    issuedAt: new Date(integerOf(row, 'issued_at_ms')),
    revocation:
      row['revoked_at_ms'] === null
        ? undefined
        : {
            revokedAt: new Date(integerOf(row, 'revoked_at_ms')),
            reason: reasonOfCode(integerOf(row, 'reason_code')),
          },
  }
}
