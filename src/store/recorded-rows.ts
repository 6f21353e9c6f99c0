/** Rows of certificates and revocations, as the record covers them. */
import { sha256 } from '../record/merkle.ts'
import { rowDigest } from '../record/row-digest.ts'
import { certificateRowDigest } from './certificates.ts'
import { bytesOf, integerOf } from './columns.ts'
import { revocationRowDigest } from './revocations.ts'
import { sql, type Row, type Sql } from './sql.ts'

const certificateColumns = `certificate_number, authority_number, serial_number, certificate_der,
  template_name, issued_at_ms, not_after, authority_certificate_number, crl_id,
  requester_account_id, requester_service, requester_arn`

/** Selects certificates after number `after`, in order. */
export function selectRecordedCertificates(after: number, limit: number): Sql {
  return {
    text: `select ${certificateColumns} from certificates where certificate_number > ?
      order by certificate_number limit ?`,
    values: [after, limit],
  }
}

/** Selects the certificate of a serial number of 16 bytes. */
export function selectRecordedCertificate(authority: number, serialNumber: Uint8Array): Sql {
  return {
    text: `select ${certificateColumns} from certificates
      where serial_number = ? and authority_number = ?`,
    values: [serialNumber, authority],
  }
}

export function selectRecordedRevocations(after: Row | undefined, limit: number): Sql {
  const authority =
    after === undefined ? Number.MIN_SAFE_INTEGER : integerOf(after, 'authority_number')
  const number =
    after === undefined ? Number.MIN_SAFE_INTEGER : integerOf(after, 'certificate_number')
  return sql`select authority_number, certificate_number, serial_number, revoked_at_ms, reason_code,
      not_after from revocations
    where (authority_number, certificate_number) > (${authority}, ${number})
    order by authority_number, certificate_number limit ${limit}`
}

/** Selects the number of the newest certificate, or 0. */
export const selectLastCertificate: Sql = sql`select coalesce(max(certificate_number), 0) as last
  from certificates`

/** Returns the digest of all columns of a certificate, for rows that existed before the record. */
export function wholeCertificateDigest(row: Row): Uint8Array {
  return rowDigest([
    row['authority_number'],
    bytesOf(row, 'serial_number'),
    sha256(bytesOf(row, 'certificate_der')),
    certificateRowDigest(row),
  ])
}

/** Returns the digest of all columns of a revocation, for rows that existed before the record. */
export function wholeRevocationDigest(row: Row): Uint8Array {
  return rowDigest([bytesOf(row, 'serial_number'), revocationDigest(row)])
}

export function revocationDigest(row: Row): Uint8Array {
  return revocationRowDigest({
    revoked_at_ms: integerOf(row, 'revoked_at_ms'),
    reason_code: integerOf(row, 'reason_code'),
  })
}
