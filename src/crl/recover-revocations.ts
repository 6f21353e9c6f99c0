import { revocationLeaf } from '../store/revocations.ts'
import type { Authority } from '../authority/authority.ts'
import type { CrlIssuer } from '../issuance/issuer-cache.ts'
import { isReasonCode } from '../authority/revocation-reason.ts'
import type { Services } from '../services.ts'
import { bytesOf, integerOf } from '../store/columns.ts'
import type { CrlRecord } from '../store/crls.ts'
import { crlStart } from '../store/revocations.ts'
import {
  countRecoveredRevocations,
  selectRevokedSerials,
  insertRecoveredRevocation,
  type CrlRevocation,
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
/** Number of revocations in a transaction. */
const batch = 100

/**
 * Inserts the entries of a published CRL that are missing in the database, and logs their number. After a restore, the
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
  const from = { authority, crlId: crl.id, notAfter: issuer.notAfter }
  const revocations = [...missing.values()]
  let count = 0
  for (let at = 0; at < revocations.length; at += batch) {
    const some = revocations.slice(at, at + batch)
    const rows = await db.transaction([
      ...some.flatMap((revocation) => insertRecoveredRevocation(revocation, from)),
      ...some.map((revocation) =>
        revocationLeaf(authority.number, revocation, {
          time: clock.now(),
          principal: 'job:publish-crls',
        }),
      ),
      ...countRecoveredRevocations(authority, crl.id, clock.now()),
    ])
    count += rows.flat().length
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

/** Removes revocations that are already in the database. */
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
