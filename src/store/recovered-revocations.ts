/**
 * Revocations that were recovered from a published CRL, because they are missing from a database that was restored from an older
 * backup. If the certificate is also missing, the revocation has a negative certificate number that is derived from the serial
 * number.
 */
import type { Authority } from '../authority/authority.ts'
import { guard, sql, type Sql } from './sql.ts'

export interface CrlRevocation {
  /** Serial number of the certificate, 16 bytes. */
  readonly serialNumber: Uint8Array
  readonly revokedAt: Date
  /** Reason for the revocation as a CRLReason code. */
  readonly reasonCode: number
}

/** A revocation to be inserted. */
export interface RecoveredRevocation extends CrlRevocation {
  readonly notAfter: Date
  readonly crlId: number
  /**
   * Whether the database contains the certificate. If the database contains the certificate, `notAfter` and `crlId` have the
   * values from `selectRecoverable`.
   */
  readonly isIssued: boolean
}

/**
 * Number of certificate numbers that are reserved for all serial numbers with the same first bytes. Serial numbers are random, so
 * no more than eight of them ever have the same first bytes.
 */
const slotSize = 8
const slotBytes = 6

/**
 * Returns the first of the certificate numbers that are reserved for a serial number. All reserved numbers are negative and
 * have at most 53 bits.
 */
function slotOf(serialNumber: Uint8Array): number {
  return -(Buffer.from(serialNumber).readUIntBE(0, slotBytes) + 1) * slotSize
}

/** Selects the CRL of a certificate and the end of the certificate's validity. */
export function selectRecoverable(authorityNumber: number, serialNumber: Uint8Array): Sql {
  return sql`select crl_id, not_after from certificates
    where serial_number = ${serialNumber} and authority_number = ${authorityNumber}`
}

/**
 * Inserts a missing revocation. The statement conflicts if the revocation exists, or if its certificate has been inserted or
 * deleted since `selectRecoverable` ran. The revocation of an unknown certificate receives a number from the range for its serial
 * number.
 */
export function insertRecoveredRevocation(
  { number }: Authority,
  { serialNumber, revokedAt, reasonCode, notAfter, crlId, isIssued }: RecoveredRevocation,
): Sql {
  const first = slotOf(serialNumber)
  const last = first + slotSize - 1
  const notAfterSeconds = notAfter.getTime() / 1000
  return guard(
    'duplicate',
    isIssued
      ? sql`insert into revocations (authority_number, certificate_number, serial_number, crl_id,
            revoked_at_ms, reason_code, not_after)
          select authority_number, certificate_number, serial_number, ${crlId},
            ${revokedAt.getTime()}, ${reasonCode}, ${notAfterSeconds}
          from certificates
          where serial_number = ${serialNumber} and authority_number = ${number}
          returning certificate_number`
      : sql`insert into revocations (authority_number, certificate_number, serial_number, crl_id,
            revoked_at_ms, reason_code, not_after)
          select ${number}, (select coalesce(max(certificate_number) + 1, ${first}) from revocations
              where authority_number = ${number} and certificate_number between ${first} and ${last}),
            ${serialNumber}, ${crlId}, ${revokedAt.getTime()}, ${reasonCode}, ${notAfterSeconds}
          where not exists (select 1 from certificates
              where serial_number = ${serialNumber} and authority_number = ${number})
            and not exists (select 1 from revocations where serial_number = ${serialNumber}
              and authority_number = ${number} and certificate_number between ${first} and ${last})
          returning certificate_number`,
  )
}

/** Returns whether the certificate number of a revocation stands for an unknown certificate with the given serial number. */
export function isRecoveredNumber(certificateNumber: number, serialNumber: Uint8Array): boolean {
  const first = slotOf(serialNumber)
  return certificateNumber >= first && certificateNumber < first + slotSize
}

/**
 * Updates a CA's count of revocations. The CA's other CRLs become due, because they may have to list the recovered revocations.
 */
export function countRecoveredRevocations({ number }: Authority, crlId: number, now: Date): Sql[] {
  return [
    sql`update certificate_counts set revoked = (select count(*) from revocations r
        where r.authority_number = ${number} and r.not_after > revoked_counted_at)
      where authority_number = ${number}`,
    sql`update crls set changes = changes + 1, due_at_ms = ${now.getTime()}, retry_at_ms = 0
      where authority_number = ${number} and crl_id <> ${crlId}`,
  ]
}

/** Selects the revocation of a certificate that is missing from the database. */
export function selectRecoveredRevocation(authorityNumber: number, serialNumber: Uint8Array): Sql {
  const first = slotOf(serialNumber)
  return sql`select revoked_at_ms, reason_code from revocations
    where authority_number = ${authorityNumber}
      and certificate_number between ${first} and ${first + slotSize - 1}
      and serial_number = ${serialNumber}`
}

/** Selects a page of the serial numbers that a CA has revoked, starting after the certificate number `after`. */
export function selectRevokedSerials(authorityNumber: number, after: number, limit: number): Sql {
  return sql`select certificate_number, serial_number from revocations
    where authority_number = ${authorityNumber} and certificate_number > ${after}
    order by certificate_number limit ${limit}`
}
