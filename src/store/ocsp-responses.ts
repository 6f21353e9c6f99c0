/**
 * Rows of signed OCSP responses, which a server can send even without its keys. Backups omit OCSP responses, because they are
 * derived data. A stored response alone does not prove a status, so readers compare it with the certificate, its revocation and
 * its CA.
 */
import { bytesOf, dateOf, integerOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { sql, type Sql } from './sql.ts'

export interface OcspResponseRow {
  /** SHA-256 of the CertID's DER. */
  readonly certIdSha256: Uint8Array
  /** Number of the CA certificate that was current when the OCSP response was signed. */
  readonly authorityCertificateNumber: number
  readonly status: 'good' | 'revoked'
  readonly producedAt: Date
  readonly nextUpdate: Date
  /** The OCSPResponse in DER. */
  readonly response: Uint8Array
}

/** Maximum number of stored OCSP responses, which take about 70 MB with EC keys and 800 MB with delegated ML-DSA keys. */
const rowsMax = 100_000

/** Stores an OCSP response, which replaces an earlier response for the same CertID. */
export function putOcspResponse(row: OcspResponseRow): Sql {
  const { certIdSha256, authorityCertificateNumber, status, producedAt, nextUpdate } = row
  return sql`insert into ocsp_responses (cert_id_sha256, authority_certificate_number, status,
      produced_at_ms, next_update_ms, response)
    values (${certIdSha256}, ${authorityCertificateNumber}, ${status}, ${producedAt.getTime()},
      ${nextUpdate.getTime()}, ${row.response})
    on conflict (cert_id_sha256) do update
      set authority_certificate_number = excluded.authority_certificate_number,
        status = excluded.status, produced_at_ms = excluded.produced_at_ms,
        next_update_ms = excluded.next_update_ms, response = excluded.response`
}

/** Finds the OCSP response for a CertID, if the response is valid at `now`. */
export async function findOcspResponse(
  db: Database,
  certIdSha256: Uint8Array,
  now: Date,
): Promise<OcspResponseRow | undefined> {
  const [row] = await db.query(
    sql`select * from ocsp_responses where cert_id_sha256 = ${certIdSha256}
      and produced_at_ms <= ${now.getTime()} and next_update_ms > ${now.getTime()}`,
  )
  if (row === undefined) return undefined
  return {
    certIdSha256,
    authorityCertificateNumber: integerOf(row, 'authority_certificate_number'),
    status: textOf(row, 'status') as OcspResponseRow['status'],
    producedAt: dateOf(row, 'produced_at_ms'),
    nextUpdate: dateOf(row, 'next_update_ms'),
    response: bytesOf(row, 'response'),
  }
}

/** Counts the stored OCSP responses under a CA certificate, up to `max`. */
export async function countOcspResponses(
  db: Database,
  authorityCertificateNumber: number,
  max: number,
): Promise<number> {
  const [row = {}] = await db.query(
    sql`select count(*) as found from (select 1 from ocsp_responses
      where authority_certificate_number = ${authorityCertificateNumber} limit ${max}) as counted`,
  )
  return integerOf(row, 'found')
}

/** Deletes up to `limit` expired OCSP responses. */
export function deleteExpiredOcspResponses(now: Date, limit: number): Sql {
  return sql`delete from ocsp_responses where cert_id_sha256 in
      (select cert_id_sha256 from ocsp_responses where next_update_ms <= ${now.getTime()}
        order by next_update_ms limit ${limit})
    returning cert_id_sha256`
}

/** If there are too many OCSP responses, deletes up to `limit` of them, beginning with the responses that expire first. */
export function deleteSurplusOcspResponses(limit: number, max: number = rowsMax): Sql {
  return sql`delete from ocsp_responses where cert_id_sha256 in
      (select cert_id_sha256 from ocsp_responses order by next_update_ms
        limit (select case when count(*) > ${max + limit} then ${limit}
          when count(*) > ${max} then count(*) - ${max} else 0 end from ocsp_responses))
    returning cert_id_sha256`
}

/** Deletes all stored OCSP responses, for example after a data loss. */
export const deleteAllOcspResponses: Sql = sql`delete from ocsp_responses`
