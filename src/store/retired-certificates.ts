/** Rows of deleted certificates that expired long ago: the data that audit reports and counts need. */
import { appendLeaf } from './leaves.ts'
import { firstValidSecond } from '../x509/der/time.ts'
import type { FoundCertificate } from './certificate-search.ts'
import { entryRows, type SearchEntries } from './search-progress.ts'
import { guard, sql, type Sql } from './sql.ts'

/** Retained content of a deleted certificate that was not in a column of its row. */
export interface RetiredContent {
  readonly subjectDer: Uint8Array
  readonly notBefore: Date
}

/**
 * Deletes a certificate that expired before `before`, with its revocation. Nothing is changed if the certificate does not
 * exist, if it has the highest number (SQLite would reuse the number), or if it is revoked and a published CRL may still list
 * it. A CRL no longer lists it once its `kept_since` is later than the expiry. Every complete CRL is treated as if it listed
 * all revocations, regardless of what crl/listing-crls.ts currently decides.
 */
export function retireCertificate(
  {
    number,
    authority,
    serialNumber,
  }: Pick<FoundCertificate, 'number' | 'authority' | 'serialNumber'>,
  { subjectDer, notBefore }: RetiredContent,
  { now, before }: { readonly now: Date; readonly before: Date },
): Sql[] {
  const expiredBefore = firstValidSecond(before)
  const countedAt = firstValidSecond(now) - 1
  return [
    guard(
      'in-use',
      sql`insert into retired_certificates (certificate_number, authority_number, serial_number,
          template_name, subject_der, not_before, not_after, issued_at_ms, revoked_at_ms, reason_code,
          requester_account_id, requester_service, requester_arn)
        select c.certificate_number, c.authority_number, c.serial_number, c.template_name,
          ${subjectDer}, ${Math.floor(notBefore.getTime() / 1000)}, c.not_after, c.issued_at_ms,
          r.revoked_at_ms, r.reason_code, c.requester_account_id, c.requester_service, c.requester_arn
        from certificates c left join revocations r
          on r.authority_number = c.authority_number and r.certificate_number = c.certificate_number
        where c.certificate_number = ${number} and c.not_after < ${expiredBefore}
          and c.certificate_number < (select max(certificate_number) from certificates)
          and (r.certificate_number is null or not exists (select 1 from crls l
            where l.authority_number = c.authority_number and l.due_at_ms is not null
              and (l.crl_id = r.crl_id or l.kind = 'COMPLETE')
              and (l.kept_since is null or l.kept_since <= c.not_after)))
        returning certificate_number`,
    ),
    // The next statement counts revocations, so it must run before the revocation is deleted.
    sql`update certificate_counts set
        revoked = revoked - (select count(*) from revocations
          where authority_number = ${authority.number}
            and not_after > revoked_counted_at and not_after <= ${countedAt}),
        revoked_counted_at = ${countedAt}
      where authority_number = ${authority.number} and revoked_counted_at < ${countedAt}
        and exists (select 1 from revocations
          where authority_number = ${authority.number} and certificate_number = ${number})`,
    sql`delete from revocations
      where authority_number = ${authority.number} and certificate_number = ${number}`,
    sql`delete from certificates where certificate_number = ${number}`,
    appendLeaf({
      kind: 'retirement',
      time: now,
      authority: authority.number,
      serialNumber,
      principal: 'job:delete-expired',
      detail: String(number),
    }),
  ]
}

/** Deletes entries of the search tables. */
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
