/** Rows of revocations. A row is written once and never changes afterwards. */
import type { Authority } from '../authority/authority.ts'
import { firstValidSecond } from '../x509/der/time.ts'
import { integerOf } from './columns.ts'
import type { Database } from './database.ts'
import { rowDigest } from '../record/row-digest.ts'
import { appendLeaf } from './leaves.ts'
import { guard, sql, type Row, type Sql, type SqlValue } from './sql.ts'
import { selectRecoveredRevocation } from './recovered-revocations.ts'

export interface RevocationRecord {
  /** Number of the revoked certificate. */
  readonly certificateNumber: number
  /** Serial number of the certificate, 16 bytes. */
  readonly serialNumber: Uint8Array
  readonly revokedAt: Date
  /** Reason for the revocation as a CRLReason code. */
  readonly reasonCode: number
  /** End of the validity of the revoked certificate. */
  readonly notAfter: Date
  /** CRL to which the certificate is bound; null if its CA never had a CRL. */
  readonly crlId: number | null
}

/**
 * Counts a revocation. The statement returns no row if the CA has changed since `authority` was read, or if the number of
 * unexpired revoked certificates has reached `quota` (recountRevocations).
 */
export function countRevocation(authority: Authority, notAfter: Date, quota: number): Sql {
  return guard(
    'quota',
    sql`update certificate_counts set
        revoked = revoked
          + case when ${notAfter.getTime() / 1000} > revoked_counted_at then 1 else 0 end
      where authority_number = ${authority.number} and revoked < ${quota}
        and ${authority.revision} = (select revision from authorities
          where authority_number = ${authority.number})
      returning revoked`,
  )
}

/**
 * Reduces a CA's count by the number of revoked certificates that have expired since the last recount. Returns a row with the new
 * count.
 */
export function recountRevocations(authority: Authority, now: Date): Sql {
  const until = firstValidSecond(now)
  const counted = until - 1
  return sql`update certificate_counts set
      revoked = revoked - (select count(*) from revocations
        where authority_number = ${authority.number}
          and not_after > revoked_counted_at and not_after < ${until}),
      revoked_counted_at = case when revoked_counted_at < ${counted} then ${counted}
        else revoked_counted_at end
    where authority_number = ${authority.number}
    returning revoked`
}

/** Returns the count from a row of recountRevocations. */
export function revokedOf(row: Row): number {
  return integerOf(row, 'revoked')
}

/** Columns of a revocation that are covered by `rowDigest` in the revocation's leaf. */
type DigestedRevocation = Readonly<
  Record<'revoked_at_ms' | 'reason_code' | 'not_after' | 'crl_id', SqlValue>
>

/** Returns the digest of all columns of a revocation, except for the columns that identify the certificate. */
export function revocationRowDigest(row: DigestedRevocation): Uint8Array {
  return rowDigest([row.revoked_at_ms, row.reason_code, row.not_after, row.crl_id])
}

/** Returns the leaf that records a revocation. */
export function revocationLeaf(
  authorityNumber: number,
  {
    serialNumber,
    revokedAt,
    reasonCode,
    notAfter,
    crlId,
  }: Omit<RevocationRecord, 'certificateNumber'>,
  { time, principal }: { readonly time: Date; readonly principal: string },
): Sql {
  const digest = revocationRowDigest({
    revoked_at_ms: revokedAt.getTime(),
    reason_code: reasonCode,
    not_after: notAfter.getTime() / 1000,
    crl_id: crlId,
  })
  const fields = { authority: authorityNumber, serialNumber, rowDigest: digest, principal }
  return appendLeaf({ kind: 'revocation', time, ...fields })
}

/**
 * Inserts a revocation, and adds its leaf to the record. The statements conflict if the certificate is already revoked.
 * `principal` is the ARN of the caller.
 */
export function insertRevocation(
  authority: Authority,
  revocation: RevocationRecord,
  principal: string,
): Sql[] {
  const context = { time: revocation.revokedAt, principal }
  return [insertRow(authority, revocation), revocationLeaf(authority.number, revocation, context)]
}

function insertRow(authority: Authority, revocation: RevocationRecord): Sql {
  const { certificateNumber, serialNumber, revokedAt, reasonCode, notAfter, crlId } = revocation
  return sql`insert into revocations (authority_number, certificate_number, serial_number, crl_id,
      revoked_at_ms, reason_code, not_after)
    values (${authority.number}, ${certificateNumber}, ${serialNumber}, ${crlId},
      ${revokedAt.getTime()}, ${reasonCode}, ${notAfter.getTime() / 1000})`
}

/** Issuance and revocation of the certificate with a given serial number. */
export interface IssuedStatus {
  readonly revocation: { readonly revokedAt: Date; readonly reasonCode: number } | undefined
}

/**
 * Finds the status of a 16-byte serial number. Returns undefined if the CA has not issued a certificate with the serial number.
 */
export async function findIssuedStatus(
  db: Database,
  authorityNumber: number,
  serialNumber: Uint8Array,
): Promise<IssuedStatus | undefined> {
  const [row] = await db.query(
    sql`select r.revoked_at_ms, r.reason_code from certificates c
      left join revocations r
        on r.authority_number = c.authority_number and r.certificate_number = c.certificate_number
      where c.serial_number = ${serialNumber} and c.authority_number = ${authorityNumber}`,
  )
  if (row === undefined) return findRecoveredRevocation(db, authorityNumber, serialNumber)
  if (row['revoked_at_ms'] === null) return { revocation: undefined }
  return statusOf(row)
}

/** Finds the revocation of a certificate whose row was lost (recovered-revocations.ts). */
async function findRecoveredRevocation(
  db: Database,
  authorityNumber: number,
  serialNumber: Uint8Array,
): Promise<IssuedStatus | undefined> {
  const [row] = await db.query(selectRecoveredRevocation(authorityNumber, serialNumber))
  return row === undefined ? undefined : statusOf(row)
}

function statusOf(row: Row): IssuedStatus {
  return {
    revocation: {
      revokedAt: new Date(integerOf(row, 'revoked_at_ms')),
      reasonCode: integerOf(row, 'reason_code'),
    },
  }
}

/** The set of revocations that a CRL lists. */
export interface CrlScope {
  readonly authorityNumber: number
  /** ID of the CRL, or undefined for all revocations of the CA. */
  readonly crlId: number | undefined
  /** The CRL omits certificates that expired before this time. */
  readonly keptSince: Date
}

/** Lower bound of all certificate numbers, including the negative numbers of recovered revocations. */
export const crlStart: number = Number.MIN_SAFE_INTEGER

/** Selects a page of the revocations that a CRL lists, starting after the certificate number `after`. */
export function selectRevocations(scope: CrlScope, after: number, limit: number): Sql {
  const { authorityNumber, crlId, keptSince } = scope
  const since = firstValidSecond(keptSince)
  return crlId === undefined
    ? sql`select certificate_number, serial_number, revoked_at_ms, reason_code from revocations
        where authority_number = ${authorityNumber} and certificate_number > ${after}
          and not_after >= ${since}
        order by certificate_number limit ${limit}`
    : sql`select certificate_number, serial_number, revoked_at_ms, reason_code from revocations
        where crl_id = ${crlId} and authority_number = ${authorityNumber}
          and certificate_number > ${after} and not_after >= ${since}
        order by certificate_number limit ${limit}`
}
