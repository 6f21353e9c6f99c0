/** Rows of certificates, revocations and retired certificates, as covered by the record. */
import { sha256 } from '../record/merkle.ts'
import { rowDigest } from '../record/row-digest.ts'
import { certificateRowDigest } from './certificates.ts'
import { bytesOf, integerOf } from './columns.ts'
import { revocationRowDigest } from './revocations.ts'
import { guard, sql, type Row, type Sql } from './sql.ts'

const certificateColumns = `certificate_number, authority_number, serial_number, certificate_der,
  template_name, issued_at_ms, not_after, authority_certificate_number, crl_id,
  requester_account_id, requester_service, requester_arn`

/** Selects the certificates after a row, in the order of their numbers, up to the number `last`. */
export function selectRecordedCertificates(
  after: Row | undefined,
  limit: number,
  last = Number.MAX_SAFE_INTEGER,
): Sql {
  return {
    text: `select ${certificateColumns} from certificates
      where certificate_number > ? and certificate_number <= ?
      order by certificate_number limit ?`,
    values: [numberAfter(after), last, limit],
  }
}

/** Selects the certificate with a given 16-byte serial number. */
export function selectRecordedCertificate(authority: number, serialNumber: Uint8Array): Sql {
  return {
    text: `select ${certificateColumns} from certificates
      where serial_number = ? and authority_number = ?`,
    values: [serialNumber, authority],
  }
}

export function selectCertificateOfNumber(number: number): Sql {
  return {
    text: `select ${certificateColumns} from certificates where certificate_number = ?`,
    values: [number],
  }
}

/**
 * Selects the revocations after a row. `issued_number` is the number of the certificate with the same serial number, or null.
 */
export function selectRecordedRevocations(after: Row | undefined, limit: number): Sql {
  const authority =
    after === undefined ? Number.MIN_SAFE_INTEGER : integerOf(after, 'authority_number')
  return sql`select r.authority_number, r.certificate_number, r.serial_number, r.revoked_at_ms,
      r.reason_code, r.not_after, r.crl_id, c.certificate_number as issued_number
    from revocations r left join certificates c
      on c.serial_number = r.serial_number and c.authority_number = r.authority_number
    where (r.authority_number, r.certificate_number) > (${authority}, ${numberAfter(after)})
    order by r.authority_number, r.certificate_number limit ${limit}`
}

/**
 * Selects the retired certificates after a row. The column `issued_number` is null, unless the certificate was inserted again.
 */
export function selectRetiredCertificates(after: Row | undefined, limit: number): Sql {
  return sql`select t.*, c.certificate_number as issued_number
    from retired_certificates t left join certificates c
      on c.serial_number = t.serial_number and c.authority_number = t.authority_number
    where t.certificate_number > ${numberAfter(after)}
    order by t.certificate_number limit ${limit}`
}

function numberAfter(after: Row | undefined): number {
  return after === undefined ? Number.MIN_SAFE_INTEGER : integerOf(after, 'certificate_number')
}

/** Selects the number of the newest certificate, or 0 if there are no certificates. */
export const selectLastCertificate: Sql = sql`select coalesce(max(certificate_number), 0) as last
  from certificates`

/** Creates a guard that fails unless the rows still exist. All revocations must belong to the same CA. */
export function requireRows(table: 'certificates' | 'revocations', rows: readonly Row[]): Sql {
  const authority = rows[0]?.['authority_number'] ?? null
  const numbers = rows.map((row) => integerOf(row, 'certificate_number'))
  const condition = table === 'revocations' ? 'authority_number = ? and' : ''
  const text = `select certificate_number from ${table}
    where ${condition} certificate_number in (${numbers.map(() => '?').join(', ')})`
  const values = table === 'revocations' ? [authority, ...numbers] : numbers
  return guard('revision', { text, values }, rows.length)
}

/** The content of a certificate that the record covers. */
export interface RecordedCertificate {
  readonly authority: number
  /** Serial number of the certificate, 16 bytes. */
  readonly serialNumber: Uint8Array
  /** SHA-256 of the certificate's DER. */
  readonly sha256: Uint8Array
  /** Digest of the other columns of the row. */
  readonly rowDigest: Uint8Array
}

export function recordedCertificateOf(row: Row): RecordedCertificate {
  return {
    authority: integerOf(row, 'authority_number'),
    serialNumber: bytesOf(row, 'serial_number'),
    sha256: sha256(bytesOf(row, 'certificate_der')),
    rowDigest: certificateRowDigest(row),
  }
}

/** Returns the digest of all columns of a certificate row, for rows that are older than the record. */
export function wholeCertificateDigest({
  authority,
  serialNumber,
  sha256: hash,
  rowDigest: others,
}: RecordedCertificate): Uint8Array {
  return rowDigest([authority, serialNumber, hash, others])
}

/** Returns the digest of all columns of a revocation row, for rows that are older than the record. */
export function wholeRevocationDigest(row: Row): Uint8Array {
  return rowDigest([bytesOf(row, 'serial_number'), revocationDigest(row)])
}

export function revocationDigest(row: Row): Uint8Array {
  return revocationRowDigest({
    revoked_at_ms: integerOf(row, 'revoked_at_ms'),
    reason_code: integerOf(row, 'reason_code'),
    not_after: integerOf(row, 'not_after'),
    crl_id: row['crl_id'] ?? null,
  })
}
