/** Pages of rows for the verification of a whole database. */
import { integerOf, textOf } from './columns.ts'
import type { CrlScope } from './revocations.ts'
import { sql, type Row, type Sql } from './sql.ts'

function numberOf(after: Row | undefined, column: string): number {
  return after === undefined ? Number.MIN_SAFE_INTEGER : integerOf(after, column)
}

/** Selects CAs with their current certificate and their public key. A missing certificate or public key is null. */
export function selectAuthorities(after: Row | undefined, limit: number): Sql {
  return sql`select a.authority_number, a.id, a.status, a.key_handle, a.deleted_at_ms,
      a.authority_certificate_number, c.certificate_der,
      coalesce(k.subject_public_key_info, t.subject_public_key_info) as subject_public_key_info,
      n.issued, n.revoked, n.revoked_counted_at
    from authorities a
    left join authority_certificates c
      on c.authority_certificate_number = a.authority_certificate_number
        and c.authority_number = a.authority_number
    left join keys k on a.key_handle like 'local:%' and k.name = substr(a.key_handle, 7)
    left join token_keys t on t.handle = a.key_handle
    left join certificate_counts n on n.authority_number = a.authority_number
    where a.authority_number > ${numberOf(after, 'authority_number')}
    order by a.authority_number limit ${limit}`
}

export function selectAuthorityCertificates(after: Row | undefined, limit: number): Sql {
  return sql`select c.*, a.id from authority_certificates c
    join authorities a on a.authority_number = c.authority_number
    where c.authority_certificate_number > ${numberOf(after, 'authority_certificate_number')}
    order by c.authority_certificate_number limit ${limit}`
}

export function selectCertificates(after: Row | undefined, limit: number): Sql {
  return sql`select c.certificate_number, c.authority_number, c.serial_number, c.certificate_der,
      c.not_after, c.authority_certificate_number, c.crl_id, a.id
    from certificates c join authorities a on a.authority_number = c.authority_number
    where c.certificate_number > ${numberOf(after, 'certificate_number')}
    order by c.certificate_number limit ${limit}`
}

/** Selects the issuance intents of all CAs, except for failed intents. */
export function selectWaitingIntents(after: Row | undefined, limit: number): Sql {
  const serial = after === undefined ? '' : textOf(after, 'serial_number')
  return sql`select i.*, a.id from certificate_intents i
      join authorities a on a.authority_number = i.authority_number
    where (i.authority_number, i.serial_number) > (${numberOf(after, 'authority_number')}, ${serial})
      and i.failed_at_ms is null
    order by i.authority_number, i.serial_number limit ${limit}`
}

/** Selects revocations with the columns of the certificate's row. The certificate's columns are null if its row is missing. */
export function selectRevokedCertificates(after: Row | undefined, limit: number): Sql {
  const authority = numberOf(after, 'authority_number')
  const certificate = numberOf(after, 'certificate_number')
  return sql`select r.authority_number, r.certificate_number, r.serial_number, r.not_after,
      c.serial_number as certificate_serial_number, c.not_after as certificate_not_after
    from revocations r left join certificates c
      on c.certificate_number = r.certificate_number and c.authority_number = r.authority_number
    where (r.authority_number, r.certificate_number) > (${authority}, ${certificate})
    order by r.authority_number, r.certificate_number limit ${limit}`
}

/**
 * Counts a CA's certificates, including deleted and waiting certificates. The statement also counts the revocations that the CA's
 * stored count must include.
 */
export function countOf(authorityNumber: number, revokedCountedAt: number): Sql {
  return sql`select
      (select count(*) from certificates where authority_number = ${authorityNumber})
        + (select count(*) from retired_certificates
          where authority_number = ${authorityNumber})
        + (select count(*) from certificate_intents
          where authority_number = ${authorityNumber} and failed_at_ms is null) as issued,
      (select count(*) from revocations where authority_number = ${authorityNumber}
        and not_after > ${revokedCountedAt}) as revoked`
}

/** Selects the published CRLs that are not suspended, each with the CA certificate that belongs to its identity. */
export function selectPublishedCrls(after: Row | undefined, limit: number): Sql {
  return publishedCrls('l.crl_id > ? order by l.crl_id limit ?', numberOf(after, 'crl_id'), limit)
}

/** Selects a published CRL by ID, with the CA certificate that belongs to its identity. */
export function selectPublishedCrl(crlId: number): Sql {
  return publishedCrls('l.crl_id = ?', crlId)
}

function publishedCrls(condition: string, ...values: readonly number[]): Sql {
  const text = `select l.*, a.id as authority_id, a.revocation_configuration,
      c.certificate_der from crls l
    join authorities a on a.authority_number = l.authority_number
    join authority_certificates c
      on c.authority_certificate_number = (select max(o.authority_certificate_number)
        from authority_certificates o
        where o.authority_number = l.authority_number and o.issuer_identity = l.issuer_identity)
    where l.generated_at_ms is not null and l.due_at_ms is not null and ${condition}`
  return { text, values }
}

/** Selects the revocations that a CRL may list: the revocations of the CRL's CA or of the partition. */
export function selectListedRevocations(
  { authorityNumber, crlId }: Pick<CrlScope, 'authorityNumber' | 'crlId'>,
  after: Row | undefined,
  limit: number,
): Sql {
  const number = numberOf(after, 'certificate_number')
  return crlId === undefined
    ? sql`select certificate_number, serial_number, revoked_at_ms, reason_code, not_after
        from revocations
        where authority_number = ${authorityNumber} and certificate_number > ${number}
        order by certificate_number limit ${limit}`
    : sql`select certificate_number, serial_number, revoked_at_ms, reason_code, not_after
        from revocations
        where crl_id = ${crlId} and authority_number = ${authorityNumber}
          and certificate_number > ${number}
        order by certificate_number limit ${limit}`
}
