/**
 * Rows of issuance intents. An intent is a certificate that was prepared and authorized while its CA's key was unavailable. A job
 * signs the certificate later (docs/decisions/0042). The transaction that inserts the certificate also deletes the intent. If the
 * issuance fails, the intent is kept with the reason for the failure.
 */
import type { Authority } from '../authority/authority.ts'
import type { SigningAlgorithm } from '../authority/algorithms.ts'
import { sha256 } from '../record/merkle.ts'
import type { CertificateRecord } from './certificates.ts'
import { bytesOf, dateOf, integerOf, optionalTextOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { latestPlausibleTime, type Lease } from './leases.ts'
import { changing, guard, sql, type ChangedRow, type Row, type Sql } from './sql.ts'

/** An unsigned certificate, and the values for the other columns of its future row. */
export interface CertificateIntent extends Omit<CertificateRecord, 'certificateDer' | 'issuedAt'> {
  readonly authorityNumber: number
  readonly tbsCertificateDer: Uint8Array
  readonly signingAlgorithm: SigningAlgorithm
  readonly requestedAt: Date
}

/** The members of an issuance intent that determine its state. */
export interface IntentState extends Pick<
  CertificateIntent,
  'signerNumber' | 'notAfter' | 'requestedAt'
> {
  /** Reason why the certificate will not be issued, or undefined while the certificate is waiting. */
  readonly failureReason: string | undefined
}

/** An issuance intent that the job has claimed. */
export interface ClaimedIntent extends CertificateIntent {
  readonly authorityId: string
  readonly failures: number
}

function rowOf(intent: Pick<CertificateIntent, 'authorityNumber' | 'serialNumber'>): ChangedRow {
  return { table: 'certificate_intents', key: [intent.authorityNumber, serialOf(intent)] }
}

/** The record entry's key is text, so it contains the serial number in hexadecimal. */
function serialOf({ serialNumber }: Pick<CertificateIntent, 'serialNumber'>): string {
  return Buffer.from(serialNumber).toString('hex')
}

/** Inserts an issuance intent that is due immediately. The guard limits the number of waiting intents for the CA. */
export function insertIntent(intent: CertificateIntent, waitingMax: number): Sql {
  const { authorityNumber, tbsCertificateDer } = intent
  const requestedAt = intent.requestedAt.getTime()
  return changing(
    { ...rowOf(intent), sha256: sha256(tbsCertificateDer) },
    guard(
      'waiting',
      sql`insert into certificate_intents (authority_number, serial_number,
          authority_certificate_number, template_name, signing_algorithm, tbs_certificate_der,
          not_after, crl_id, requester_account_id, requester_service, requester_arn,
          requested_at_ms, failures, retry_at_ms, lease_until_ms)
        select ${authorityNumber}, ${serialOf(intent)}, ${intent.signerNumber ?? null},
          ${intent.templateName}, ${intent.signingAlgorithm}, ${tbsCertificateDer},
          ${intent.notAfter.getTime() / 1000}, ${intent.crlId ?? null},
          ${intent.requesterAccountId}, ${intent.requesterService ?? null},
          ${intent.requesterArn}, ${requestedAt}, 0, ${requestedAt}, 0
        where ${waitingMax} > (select count(*) from certificate_intents
          where authority_number = ${authorityNumber} and failed_at_ms is null)
        returning serial_number`,
    ),
  )
}

/** Finds the state of the issuance intent with a 16-byte serial number. */
export async function findIntentState(
  db: Database,
  authorityNumber: number,
  serialNumber: Uint8Array,
): Promise<IntentState | undefined> {
  const [row] = await db.query(
    sql`select authority_certificate_number, not_after, requested_at_ms, failure_reason
      from certificate_intents
      where authority_number = ${authorityNumber} and serial_number = ${serialOf({ serialNumber })}`,
  )
  return row && { ...stateOf(row), failureReason: optionalTextOf(row, 'failure_reason') }
}

/**
 * Claims at most `limit` due issuance intents in the order in which the certificates were requested. The statement returns the
 * rows in no particular order.
 */
export function claimIntents({ token, now, until }: Lease, limit: number): Sql {
  const nowMs = now.getTime()
  const plausible = latestPlausibleTime(now)
  return sql`update certificate_intents set lease = ${token}, lease_until_ms = ${until.getTime()}
    where failed_at_ms is null
      and (lease_until_ms <= ${nowMs} or lease_until_ms > ${plausible})
      and (authority_number, serial_number) in (select authority_number, serial_number from (
        select authority_number, serial_number from certificate_intents
        where failed_at_ms is null and (retry_at_ms <= ${nowMs} or retry_at_ms > ${plausible})
          and (lease_until_ms <= ${nowMs} or lease_until_ms > ${plausible})
        order by requested_at_ms, serial_number limit ${limit}) as due)
    returning *, (select id from authorities a
      where a.authority_number = certificate_intents.authority_number) as authority_id`
}

/**
 * Deletes the issuance intent for a certificate that the same transaction inserts. The guards require that the lease is valid
 * and that the CA has not changed since `authority` was read.
 */
export function finishIntent(intent: ClaimedIntent, authority: Authority, { token }: Lease): Sql {
  return changing(
    rowOf(intent),
    guard(
      'lease',
      sql`delete from certificate_intents
        where authority_number = ${intent.authorityNumber} and serial_number = ${serialOf(intent)}
          and lease = ${token}
          and ${authority.revision} = (select revision from authorities
            where authority_number = ${authority.number})
        returning serial_number`,
    ),
  )
}

/** Marks an issuance intent as failed, so that it no longer counts against its CA's quota. The guard requires a valid lease. */
export function failIntent(
  intent: ClaimedIntent,
  { reason, time }: { readonly reason: string; readonly time: Date },
  { token }: Lease,
): Sql[] {
  return [
    changing(
      rowOf(intent),
      guard(
        'lease',
        sql`update certificate_intents set failure_reason = ${reason},
            failed_at_ms = ${time.getTime()}, lease = null, lease_until_ms = 0
          where authority_number = ${intent.authorityNumber} and serial_number = ${serialOf(intent)}
            and lease = ${token}
          returning serial_number`,
      ),
    ),
    sql`update certificate_counts set issued = issued - 1
      where authority_number = ${intent.authorityNumber}`,
  ]
}

/** Releases the lease of an issuance intent that was not signed, and sets the time of the next attempt. */
export function postponeIntent(intent: ClaimedIntent, retry: Date, { token }: Lease): Sql {
  return sql`update certificate_intents set failures = ${intent.failures + 1},
      retry_at_ms = ${retry.getTime()}, lease = null, lease_until_ms = 0
    where authority_number = ${intent.authorityNumber} and serial_number = ${serialOf(intent)}
      and lease = ${token}`
}

/** Postpones the issuance intents of a CA whose key is unavailable, except for intents that a process is working on. */
export function postponeOtherIntents(authorityNumber: number, retry: Date, now: Date): Sql {
  return sql`update certificate_intents set retry_at_ms = ${retry.getTime()}
    where authority_number = ${authorityNumber} and failed_at_ms is null
      and retry_at_ms < ${retry.getTime()} and lease_until_ms <= ${now.getTime()}`
}

/** Makes a CA's waiting issuance intents due after the CA's key has become available again. */
export function hastenIntents(authorityNumber: number): Sql {
  return sql`update certificate_intents set retry_at_ms = 0
    where authority_number = ${authorityNumber} and failed_at_ms is null and retry_at_ms > 0`
}

/** Finds up to `limit` issuance intents that failed before `before`. */
export async function findFailedIntents(
  db: Database,
  before: Date,
  limit: number,
): Promise<Pick<CertificateIntent, 'authorityNumber' | 'serialNumber'>[]> {
  const rows = await db.query(
    sql`select authority_number, serial_number from certificate_intents
      where failed_at_ms <= ${before.getTime()} limit ${limit}`,
  )
  return rows.map(identityOf)
}

/** Deletes a failed issuance intent, which can no longer change. */
export function deleteIntent(intent: Parameters<typeof rowOf>[0]): Sql {
  return changing(
    rowOf(intent),
    sql`delete from certificate_intents
      where authority_number = ${intent.authorityNumber} and serial_number = ${serialOf(intent)}`,
  )
}

/** A CA's waiting certificates, for the metrics. */
export interface WaitingCertificates {
  readonly authorityId: string
  readonly count: number
  readonly oldestAt: Date
}

export async function listWaitingCertificates(db: Database): Promise<WaitingCertificates[]> {
  const rows = await db.query(
    sql`select a.id as authority_id, count(*) as waiting, min(i.requested_at_ms) as oldest_at_ms
      from certificate_intents i join authorities a using (authority_number)
      where i.failed_at_ms is null group by a.id`,
  )
  return rows.map((row) => ({
    authorityId: textOf(row, 'authority_id'),
    count: integerOf(row, 'waiting'),
    oldestAt: dateOf(row, 'oldest_at_ms'),
  }))
}

/** Converts a row that claimIntents has returned. */
export function claimedIntentOf(row: Row): ClaimedIntent {
  return {
    ...intentOf(row),
    authorityId: textOf(row, 'authority_id'),
    failures: integerOf(row, 'failures'),
  }
}

/** Converts a row of the table of issuance intents. */
export function intentOf(row: Row): CertificateIntent {
  return {
    ...identityOf(row),
    ...stateOf(row),
    tbsCertificateDer: bytesOf(row, 'tbs_certificate_der'),
    templateName: textOf(row, 'template_name'),
    signingAlgorithm: textOf(row, 'signing_algorithm') as SigningAlgorithm,
    crlId: row['crl_id'] === null ? undefined : integerOf(row, 'crl_id'),
    requesterAccountId: textOf(row, 'requester_account_id'),
    requesterService: optionalTextOf(row, 'requester_service'),
    requesterArn: textOf(row, 'requester_arn'),
  }
}

function identityOf(row: Row): Pick<CertificateIntent, 'authorityNumber' | 'serialNumber'> {
  return {
    authorityNumber: integerOf(row, 'authority_number'),
    serialNumber: Buffer.from(textOf(row, 'serial_number'), 'hex'),
  }
}

function stateOf(row: Row): Omit<IntentState, 'failureReason'> {
  const signer = row['authority_certificate_number']
  return {
    signerNumber: signer === null ? undefined : integerOf(row, 'authority_certificate_number'),
    notAfter: new Date(integerOf(row, 'not_after') * 1000),
    requestedAt: dateOf(row, 'requested_at_ms'),
  }
}
