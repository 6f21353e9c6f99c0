/** The certificates of a CA in the order in which they were issued, page by page, as an audit report needs them. */
import type { AuditedCertificate } from '../authority/audit-report.ts'
import { reasonOfCode } from '../revocation/reason.ts'
import { bytesOf, integerOf, optionalTextOf, textOf } from './columns.ts'
import { sql, type Row, type Sql } from './sql.ts'

/** One page: what follows certificate number `after`. */
export function selectAuditedCertificates(
  authorityNumber: number,
  after: number,
  limit: number,
): Sql {
  return sql`select c.certificate_number, c.certificate_der, c.serial_number, c.template_name,
      c.issued_at_ms, c.requester_account_id, c.requester_service, r.revoked_at_ms, r.reason_code
    from certificates c left join revocations r
      on r.authority_number = c.authority_number and r.certificate_number = c.certificate_number
    where c.authority_number = ${authorityNumber} and c.certificate_number > ${after}
    order by c.certificate_number limit ${limit}`
}

export function certificateNumberOf(row: Row): number {
  return integerOf(row, 'certificate_number')
}

export function auditedCertificateOf(row: Row): AuditedCertificate {
  return {
    certificateDer: bytesOf(row, 'certificate_der'),
    serialNumber: bytesOf(row, 'serial_number'),
    templateName: textOf(row, 'template_name'),
    // Certificates from before requesters were recorded are of the owner.
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
