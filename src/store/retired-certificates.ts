/**
 * Rows of certificates that were deleted long after they expired. The rows contain the data that audit reports and counts need.
 */
import { encodeDigestedRows } from '../record/digested-rows.ts'
import { sha256 } from '../record/merkle.ts'
import { rowDigest } from '../record/row-digest.ts'
import { firstValidSecond } from '../x509/der/time.ts'
import { certificateRowDigest } from './certificates.ts'
import { bytesOf, integerOf } from './columns.ts'
import { appendLeaf } from './leaves.ts'
import { entryRows, type SearchEntries } from './search-progress.ts'
import { guard, sql, type Row, type Sql } from './sql.ts'

/** Data of a deleted certificate that is retained in columns. The certificate's row contained this data only as DER. */
export interface RetiredContent {
  readonly subjectDer: Uint8Array
  readonly notBefore: Date
}

/** Selects a certificate and its revocation, for `retireCertificate`. */
export function selectRetirable(certificateNumber: number): Sql {
  return sql`select c.*, r.revoked_at_ms, r.reason_code
    from certificates c left join revocations r
      on r.authority_number = c.authority_number and r.certificate_number = c.certificate_number
    where c.certificate_number = ${certificateNumber}`
}

/** Returns the digest of all columns of a retired certificate's row, except for its number. */
export function retiredRowDigest(row: Row): Uint8Array {
  return rowDigest([
    row['authority_number'],
    row['serial_number'],
    row['template_name'],
    row['subject_der'],
    row['not_before'],
    row['not_after'],
    row['issued_at_ms'],
    row['revoked_at_ms'],
    row['reason_code'],
    row['requester_account_id'],
    row['requester_service'],
    row['requester_arn'],
  ])
}

/**
 * Deletes a certificate that expired before `before`, together with its revocation. `row` is the row from `selectRetirable`. The
 * statements change nothing if the certificate does not exist, if its revocation has changed since `row` was read, or if it has
 * the highest number. SQLite would reuse that number. A revoked certificate is also kept while a published CRL may list it. A CRL
 * does not list a certificate that expired before the CRL's `kept_since`. The statements assume that every complete CRL lists all
 * revocations, regardless of what crl/listing-crls.ts currently decides.
 */
export function retireCertificate(
  row: Row,
  { subjectDer, notBefore }: RetiredContent,
  { now, before }: { readonly now: Date; readonly before: Date },
): Sql[] {
  const number = integerOf(row, 'certificate_number')
  const authority = integerOf(row, 'authority_number')
  const retired = {
    ...row,
    subject_der: subjectDer,
    not_before: Math.floor(notBefore.getTime() / 1000),
  }
  const expiredBefore = firstValidSecond(before)
  const countedAt = firstValidSecond(now) - 1
  return [
    guard(
      'in-use',
      sql`insert into retired_certificates (certificate_number, authority_number, serial_number,
          template_name, subject_der, not_before, not_after, issued_at_ms, revoked_at_ms, reason_code,
          requester_account_id, requester_service, requester_arn)
        select c.certificate_number, c.authority_number, c.serial_number, c.template_name,
          ${subjectDer}, ${retired.not_before}, c.not_after, c.issued_at_ms,
          r.revoked_at_ms, r.reason_code, c.requester_account_id, c.requester_service, c.requester_arn
        from certificates c left join revocations r
          on r.authority_number = c.authority_number and r.certificate_number = c.certificate_number
        where c.certificate_number = ${number} and c.not_after < ${expiredBefore}
          and c.certificate_number < (select max(certificate_number) from certificates)
          and coalesce(r.revoked_at_ms, -1) = ${row['revoked_at_ms'] ?? -1}
          and (r.certificate_number is null or not exists (select 1 from crls l
            where l.authority_number = c.authority_number and l.due_at_ms is not null
              and (l.crl_id = r.crl_id or l.kind = 'COMPLETE')
              and (l.kept_since is null or l.kept_since <= c.not_after)))
        returning certificate_number`,
    ),
    // The following statement counts revocations, so it must precede the statement that deletes the revocation.
    sql`update certificate_counts set
        revoked = revoked - (select count(*) from revocations
          where authority_number = ${authority}
            and not_after > revoked_counted_at and not_after <= ${countedAt}),
        revoked_counted_at = ${countedAt}
      where authority_number = ${authority} and revoked_counted_at < ${countedAt}
        and exists (select 1 from revocations
          where authority_number = ${authority} and certificate_number = ${number})`,
    sql`delete from revocations
      where authority_number = ${authority} and certificate_number = ${number}`,
    sql`delete from certificates where certificate_number = ${number}`,
    appendLeaf({
      kind: 'retirement',
      time: now,
      authority,
      serialNumber: bytesOf(row, 'serial_number'),
      sha256: sha256(bytesOf(row, 'certificate_der')),
      rowDigest: certificateRowDigest(row),
      principal: 'job:delete-expired',
      rows: encodeDigestedRows([{ number, digest: retiredRowDigest(retired) }]),
    }),
  ]
}

/** Deletes entries of certificates from the search tables. */
export function deleteEntries({ positions, names }: SearchEntries): Sql[] {
  return [
    ...Array.from(
      entryRows(positions),
      ([facet, position, number]) => sql`delete from certificate_facets
        where facet = ${facet} and position = ${position} and certificate_number = ${number}`,
    ),
    ...Array.from(
      entryRows(names),
      ([facet, name, number]) => sql`delete from certificate_names
        where facet = ${facet} and name = ${name} and certificate_number = ${number}`,
    ),
  ]
}
