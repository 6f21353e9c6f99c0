/**
 * Revocations that are taken from a CRL of the CA's own, because the database is older than it. Where the certificate is not
 * in the database either, the revocation has a number below 0 that follows from its serial number.
 */
import type { Authority } from '../authority/authority.ts'
import { sql, type Sql } from './sql.ts'

export interface CrlRevocation {
  /** 16 bytes, as in a certificate's row. */
  readonly serialNumber: Uint8Array
  readonly revokedAt: Date
  /** CRLReason. */
  readonly reasonCode: number
}

interface RevocationSource {
  readonly authority: Authority
  /** Of the CRL that lists it. */
  readonly crlId: number
  /** Until when a revocation is kept whose certificate nobody knows. */
  readonly notAfter: Date
}

/** Serial numbers that begin alike share so many numbers. They are random: eight never do. */
const slotSize = 8
const slotBytes = 6

/** First of the numbers that a serial number may have, all below 0 and of at most 53 bits. */
function slotOf(serialNumber: Uint8Array): number {
  return -(Buffer.from(serialNumber).readUIntBE(0, slotBytes) + 1) * slotSize
}

/** Inserts a revocation unless it is there; a row that is returned says that it was not. */
export function insertRecoveredRevocation(
  { serialNumber, revokedAt, reasonCode }: CrlRevocation,
  { authority, crlId, notAfter }: RevocationSource,
): Sql[] {
  const { number } = authority
  const first = slotOf(serialNumber)
  const last = first + slotSize - 1
  return [
    sql`insert into revocations (authority_number, certificate_number, serial_number, crl_id,
        revoked_at_ms, reason_code, not_after)
      select c.authority_number, c.certificate_number, c.serial_number,
        coalesce(c.crl_id, ${crlId}), ${revokedAt.getTime()}, ${reasonCode}, c.not_after
      from certificates c
      where c.serial_number = ${serialNumber} and c.authority_number = ${number}
      on conflict (authority_number, certificate_number) do nothing
      returning certificate_number`,
    sql`insert into revocations (authority_number, certificate_number, serial_number, crl_id,
        revoked_at_ms, reason_code, not_after)
      select ${number}, (select coalesce(max(certificate_number) + 1, ${first}) from revocations
          where authority_number = ${number} and certificate_number between ${first} and ${last}),
        ${serialNumber}, ${crlId}, ${revokedAt.getTime()}, ${reasonCode},
        ${Math.floor(notAfter.getTime() / 1000)}
      where not exists (select 1 from certificates
          where serial_number = ${serialNumber} and authority_number = ${number})
        and not exists (select 1 from revocations where serial_number = ${serialNumber}
          and authority_number = ${number} and certificate_number between ${first} and ${last})
      returning certificate_number`,
  ]
}

/** Goes with what was taken over: counts it, and makes the CA's other CRLs due, which may have to list it too. */
export function countRecoveredRevocations({ number }: Authority, crlId: number, now: Date): Sql[] {
  return [
    sql`update certificate_counts set revoked = (select count(*) from revocations r
        where r.authority_number = ${number} and r.not_after > revoked_counted_at)
      where authority_number = ${number}`,
    sql`update crls set changes = changes + 1, due_at_ms = ${now.getTime()}, retry_at_ms = 0
      where authority_number = ${number} and crl_id <> ${crlId}`,
  ]
}

/** The revocation of a certificate that is not in the database. */
export function selectRecoveredRevocation(authorityNumber: number, serialNumber: Uint8Array): Sql {
  const first = slotOf(serialNumber)
  return sql`select revoked_at_ms, reason_code from revocations
    where authority_number = ${authorityNumber}
      and certificate_number between ${first} and ${first + slotSize - 1}
      and serial_number = ${serialNumber}`
}

/** One page of the serial numbers that a CA has revoked: what follows certificate number `after`. */
export function selectRevokedSerials(authorityNumber: number, after: number, limit: number): Sql {
  return sql`select certificate_number, serial_number from revocations
    where authority_number = ${authorityNumber} and certificate_number > ${after}
    order by certificate_number limit ${limit}`
}
