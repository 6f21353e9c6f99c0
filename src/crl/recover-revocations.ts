import type { Authority } from '../authority/authority.ts'
import type { CrlIssuer } from '../issuance/issuer-cache.ts'
import { isReasonCode } from '../authority/revocation-reason.ts'
import type { Services } from '../services.ts'
import { bytesOf, integerOf } from '../store/columns.ts'
import type { CrlRecord } from '../store/crls.ts'
import { ConflictError } from '../store/database.ts'
import { crlStart, revocationLeaf } from '../store/revocations.ts'
import {
  countRecoveredRevocations,
  insertRecoveredRevocation,
  selectRecoverable,
  selectRevokedSerials,
  type CrlRevocation,
  type RecoveredRevocation,
} from '../store/recovered-revocations.ts'
import { readRevokedCertificates, type RevokedCertificate } from '../x509/revoked-certificates.ts'
import { paddedSerialNumber, serialNumberKey } from '../x509/serial-number-text.ts'
import type { ForeignCrl } from './foreign-crl.ts'

interface DueCrl {
  readonly authority: Authority
  readonly crl: CrlRecord
  readonly issuer: CrlIssuer
}

const pageRows = 1000
/** Number of revocations per transaction. */
const batch = 100
/**
 * Maximum number of attempts for a transaction that conflicts with other changes. If all attempts fail, the job repeats the
 * publication later.
 */
const attemptsMax = 5

/**
 * Inserts entries from a published CRL that are missing from the database, and logs their number. After a restore, the
 * database may be older than the CRL, but published revocations must not be lost.
 */
export async function recoverRevocations(
  { db, clock, log }: Services,
  { authority, crl, issuer }: DueCrl,
  { number, revokedCertificates }: ForeignCrl,
): Promise<void> {
  const missing = new Map<string, CrlRevocation>()
  for (const entry of readRevokedCertificates(revokedCertificates)) {
    const revocation = revocationOf(entry)
    missing.set(serialNumberKey(revocation.serialNumber), revocation)
  }
  await leaveKnown(db, authority, missing)
  let count = 0
  let attempts = 0
  while (missing.size > 0) {
    const due = firstOf(missing)
    try {
      await insertRevocations({ db, clock }, { authority, crl, issuer }, due)
      count += due.length
      attempts = 0
      for (const { serialNumber } of due) missing.delete(serialNumberKey(serialNumber))
    } catch (error) {
      // A revocation was inserted, or a certificate deleted, concurrently.
      attempts += 1
      if (!(error instanceof ConflictError) || attempts === attemptsMax) throw error
      await leaveKnown(db, authority, missing)
    }
  }
  log.warn(
    { job: 'publish-crls', authority: authority.id, crl: crl.name, number, taken: count },
    'the published CRL is newer than the database; missing revocations were recovered from the CRL',
  )
}

function revocationOf({
  serialNumber,
  revocationDate,
  reasonCode,
}: RevokedCertificate): CrlRevocation {
  return {
    serialNumber: paddedSerialNumber(serialNumber),
    revokedAt: revocationDate,
    // A reason that the API does not define is stored as unspecified.
    reasonCode: isReasonCode(reasonCode) ? reasonCode : 0,
  }
}

function firstOf(missing: ReadonlyMap<string, CrlRevocation>): CrlRevocation[] {
  const due: CrlRevocation[] = []
  for (const revocation of missing.values()) {
    if (due.length === batch) break
    due.push(revocation)
  }
  return due
}

/** Inserts revocations and their leaves in a single transaction. */
async function insertRevocations(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  { authority, crl, issuer }: DueCrl,
  revocations: readonly CrlRevocation[],
): Promise<void> {
  const context = { time: clock.now(), principal: 'job:publish-crls' }
  const rows = await Promise.all(
    revocations.map(async (revocation): Promise<RecoveredRevocation> => {
      const [row] = await db.query(selectRecoverable(authority.number, revocation.serialNumber))
      return {
        ...revocation,
        isIssued: row !== undefined,
        crlId: row === undefined || row['crl_id'] === null ? crl.id : integerOf(row, 'crl_id'),
        notAfter:
          row === undefined ? issuer.notAfter : new Date(integerOf(row, 'not_after') * 1000),
      }
    }),
  )
  await db.transaction([
    ...rows.flatMap((row) => [
      insertRecoveredRevocation(authority, row),
      revocationLeaf(authority.number, row, context),
    ]),
    ...countRecoveredRevocations(authority, crl.id, context.time),
  ])
}

/** Removes revocations from `missing` that are already in the database. */
async function leaveKnown(
  db: Services['db'],
  authority: Authority,
  missing: Map<string, CrlRevocation>,
): Promise<void> {
  let after = crlStart
  for (;;) {
    const rows = await db.query(selectRevokedSerials(authority.number, after, pageRows))
    for (const row of rows) missing.delete(serialNumberKey(bytesOf(row, 'serial_number')))
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageRows) return
    after = integerOf(last, 'certificate_number')
  }
}
