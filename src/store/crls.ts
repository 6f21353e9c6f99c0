/**
 * Rows of CRLs: one for each complete CRL and for each CRL partition. A row contains the due time and the last publication of the
 * CRL.
 */
import type { Authority, CrlKind } from '../authority/authority.ts'
import { firstIdentity } from '../chain/issuer-identity.ts'
import { dateOf, integerOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { latestPlausibleTime, type Lease } from './leases.ts'
import { changing, guard, sql, type Row, type Sql } from './sql.ts'

export interface CrlRecord {
  readonly id: number
  readonly authorityId: string
  /** Object name of the CRL, without folder and extension: the CA's ID or the partition's UUID. */
  readonly name: string
  readonly kind: CrlKind
  /** Number of the issuing CA's identity. */
  readonly issuerIdentity: number
  /** Number of changes. Every revocation that the CRL must list increments this number. */
  readonly changes: number
  /** Latest notAfter time of the certificates that are bound to the partition. */
  readonly lastNotAfter: Date
  /** Number of failed attempts since the last publication of the CRL. */
  readonly failures: number
  /** Highest cRLNumber that has been reserved, or 0 before the first reservation. */
  readonly crlNumber: number
  readonly published: PublishedCrl | undefined
}

interface PublishedCrl {
  readonly generatedAt: Date
  readonly etag: string
  readonly bucket: string
  readonly key: string
}

/**
 * Inserts a CRL as its CA's current CRL. The new CRL is due immediately. The statement has the same guard as updateAuthority.
 */
export function openCrl(
  authority: Authority,
  { name, kind }: { readonly name: string; readonly kind: CrlKind },
  now: Date,
): Sql[] {
  return [
    changing(
      { table: 'crls', key: [name] },
      sql`insert into crls (authority_number, name, kind, certificates, last_not_after, changes,
        published_changes, due_at_ms, failures, retry_at_ms, lease_until_ms, crl_number,
        issuer_identity)
      values (${authority.number}, ${name}, ${kind}, 0, 0, 1, 0, ${now.getTime()}, 0, 0, 0, 0,
        ${authority.certificate?.issuerIdentity ?? firstIdentity})
      on conflict (name) do nothing`,
    ),
    // The first CRL of a CA also lists revocations that preceded the CRL.
    sql`update revocations set crl_id = (select crl_id from crls where name = ${name})
      where crl_id is null and authority_number = ${authority.number}`,
    changing(
      { table: 'authorities', key: [authority.id] },
      guard(
        'revision',
        sql`update authorities set crl_id = (select crl_id from crls where name = ${name}),
            revision = revision + 1
          where authority_number = ${authority.number} and revision = ${authority.revision}
          returning revision`,
      ),
    ),
  ]
}

/** Binds a certificate to a CRL partition. If the row count is not one, the partition is full. */
export function bindCertificate(crlId: number, notAfter: Date, certificatesMax: number): Sql {
  const seconds = notAfter.getTime() / 1000
  return guard(
    'partition',
    sql`update crls set certificates = certificates + 1,
        last_not_after = case when last_not_after < ${seconds} then ${seconds}
          else last_not_after end
      where crl_id = ${crlId} and certificates < ${certificatesMax}
      returning certificates`,
  )
}

/** Lists the complete CRLs of a CA, together with the partition `partitionId`. */
export async function listCrls(
  db: Database,
  authorityNumber: number,
  partitionId: number | null,
): Promise<Pick<CrlRecord, 'id' | 'kind'>[]> {
  const rows = await db.query(
    sql`select crl_id, kind from crls where authority_number = ${authorityNumber}
        and (kind <> 'PARTITION' or crl_id = ${partitionId ?? 0}) order by crl_id`,
  )
  return rows.map((row) => ({ id: integerOf(row, 'crl_id'), kind: textOf(row, 'kind') as CrlKind }))
}

/**
 * Makes a CRL due because the CRL must list a revocation (crl/listing-crls.ts). If the CRL is already due earlier, the earlier
 * time is kept.
 */
export function markCrlDue(crlId: number, dueAt: Date): Sql {
  const dueAtMs = dueAt.getTime()
  return sql`update crls set changes = changes + 1,
      due_at_ms = case when due_at_ms < ${dueAtMs} then due_at_ms else ${dueAtMs} end
    where crl_id = ${crlId}`
}

/** Makes all CRLs of a CA due immediately, because their contents or locations have changed. */
export function markAllCrlsDue(authority: Authority, now: Date): Sql {
  return sql`update crls set changes = changes + 1, due_at_ms = ${now.getTime()}, retry_at_ms = 0
    where authority_number = ${authority.number}`
}

/**
 * Makes all CRLs of a CA due immediately, except for suspended CRLs, and returns their names. If a CRL has unpublished changes,
 * the statement only brings the publication forward, so repeated requests do not add work.
 */
export function publishCrlsNow(authorityNumber: number, now: Date): Sql {
  return sql`update crls set due_at_ms = ${now.getTime()}, retry_at_ms = 0,
      changes = changes + case when changes > published_changes then 0 else 1 end
    where authority_number = ${authorityNumber} and due_at_ms is not null returning name`
}

/**
 * Claims at most `limit` due CRLs, starting with the most overdue CRL. If the clock has been set back, stored due times may be
 * far in the future. A CRL is therefore also due if its generation time is in the future. A changed CRL is also due if its due
 * time is implausibly late, because the normal delay is only a few minutes. Each of the three cases has an index, so that the
 * statement does not read CRLs that are due in several days.
 */
export function claimDueCrls({ token, now, until }: Lease, limit: number): Sql {
  const nowMs = now.getTime()
  const plausible = latestPlausibleTime(now)
  return sql`update crls set lease = ${token}, lease_until_ms = ${until.getTime()}
    where crl_id in (select crl_id from (
          select crl_id, due_at_ms from (select crl_id, due_at_ms from crls
              where due_at_ms <= ${nowMs}
                and (retry_at_ms <= ${nowMs} or retry_at_ms > ${plausible})
                and (lease_until_ms <= ${nowMs} or lease_until_ms > ${plausible})
              order by due_at_ms limit ${limit}) as due
        union all
          select crl_id, due_at_ms from crls
          where generated_at_ms > ${plausible} and +due_at_ms > ${nowMs}
            and (retry_at_ms <= ${nowMs} or retry_at_ms > ${plausible})
            and (lease_until_ms <= ${nowMs} or lease_until_ms > ${plausible})
        union all
          select crl_id, due_at_ms from crls
          where due_at_ms > ${plausible} and changes > published_changes
            and (generated_at_ms is null or +generated_at_ms <= ${plausible})
            and (retry_at_ms <= ${nowMs} or retry_at_ms > ${plausible})
            and (lease_until_ms <= ${nowMs} or lease_until_ms > ${plausible})
        ) as claimable order by due_at_ms limit ${limit})
      and (lease_until_ms <= ${nowMs} or lease_until_ms > ${plausible})
    returning *, (select id from authorities a where a.authority_number = crls.authority_number)
      as authority_id`
}

/**
 * Reserves a cRLNumber before the CRL with that number is signed. The guards require a valid lease and a cRLNumber that exceeds
 * all earlier numbers.
 */
export function reserveCrlNumber(crlId: number, crlNumber: number, { token }: Lease): Sql {
  return guard(
    'lease',
    sql`update crls set crl_number = ${crlNumber}
      where crl_id = ${crlId} and lease = ${token} and crl_number < ${crlNumber} returning crl_id`,
  )
}

export interface Publication extends PublishedCrl {
  readonly crlNumber: number
  readonly size: number
  readonly entries: number
  /** The CRL omits certificates that expired before this time. */
  readonly keptSince: Date
  /** Value of `changes` before the entries of the CRL were read. */
  readonly changes: number
  readonly nextUpdate: Date
  /** Time at which the next CRL is due if no certificate is revoked before then. */
  readonly refreshAt: Date
}

/**
 * Records the publication of a CRL and releases its lease. A row count other than one means that the lease was lost. If a
 * revocation was committed during the publication, the CRL remains due.
 */
export function finishPublication(crlId: number, done: Publication, { token, now }: Lease): Sql {
  return guard(
    'lease',
    sql`update crls set generated_at_ms = ${done.generatedAt.getTime()}, published_number = ${done.crlNumber}, etag = ${done.etag},
      published_changes = ${done.changes}, bucket = ${done.bucket}, object_key = ${done.key}, size = ${done.size}, entries = ${done.entries},
      kept_since = ${Math.floor(done.keptSince.getTime() / 1000)}, next_update_ms = ${done.nextUpdate.getTime()},
      due_at_ms = case when changes = ${done.changes}
        then cast(${done.refreshAt.getTime()} as bigint) else ${now.getTime()} end,
      failures = 0, retry_at_ms = 0, lease = null, lease_until_ms = 0
    where crl_id = ${crlId} and lease = ${token} returning crl_id`,
  )
}

/** Makes a CRL due again and cancels the CRL's lease, because the state of the published object is unknown. */
export function republishCrl(crlId: number, now: Date): Sql {
  return sql`update crls set changes = changes + 1, due_at_ms = ${now.getTime()}
    where crl_id = ${crlId}`
}

/** Releases the lease of a CRL after a failure, and sets the time of the next attempt. */
export function postponeCrl({ id, failures }: CrlRecord, retry: Date, { token }: Lease): Sql {
  return sql`update crls set failures = ${failures + 1}, retry_at_ms = ${retry.getTime()},
      lease = null, lease_until_ms = 0
    where crl_id = ${id} and lease = ${token}`
}

/** Releases the lease of a CRL. The CRL remains due. */
export function releaseCrl({ id }: CrlRecord, { token }: Lease): Sql {
  return sql`update crls set lease = null, lease_until_ms = 0
    where crl_id = ${id} and lease = ${token}`
}

/** Suspends a CRL until its CA changes, and releases the CRL's lease. */
export function suspendCrl({ id, changes }: CrlRecord, { token }: Lease): Sql {
  return sql`update crls set failures = 0, retry_at_ms = 0, lease = null, lease_until_ms = 0,
      due_at_ms = case when changes = ${changes} then null else due_at_ms end
    where crl_id = ${id} and lease = ${token}`
}

/** State of a CRL, for the metrics. */
export interface CrlStatus {
  readonly authorityId: string
  readonly generatedAt: Date
  /** Value of nextUpdate, or undefined for CRLs from earlier versions, whose nextUpdate is unknown. */
  readonly nextUpdate: Date | undefined
  readonly size: number
  readonly entries: number
}

/**
 * Lists the CRL metrics of each CA that has CRLs: the generation time of the oldest CRL, the earliest nextUpdate, and the size
 * and number of entries of the largest CRL.
 */
export async function listCrlStatuses(db: Database): Promise<CrlStatus[]> {
  const rows = await db.query(
    sql`select a.id as authority_id, min(c.generated_at_ms) as generated_at_ms,
        min(c.next_update_ms) as next_update_ms, max(c.size) as size, max(c.entries) as entries
      from crls c join authorities a using (authority_number)
      where c.generated_at_ms is not null and c.due_at_ms is not null group by a.id`,
  )
  return rows.map((row) => ({
    authorityId: textOf(row, 'authority_id'),
    generatedAt: dateOf(row, 'generated_at_ms'),
    nextUpdate: row['next_update_ms'] === null ? undefined : dateOf(row, 'next_update_ms'),
    size: integerOf(row, 'size'),
    entries: integerOf(row, 'entries'),
  }))
}

/**
 * Finds the CA of a CRL and the bucket of the CRL's last publication. Returns undefined if the CRL does not exist or has not
 * been published.
 */
export async function findPublishedCrl(
  db: Database,
  name: string,
): Promise<{ readonly authorityId: string; readonly bucket: string } | undefined> {
  const [row] = await db.query(
    sql`select a.id as authority_id, c.bucket from crls c join authorities a using (authority_number)
      where c.name = ${name} and c.bucket is not null`,
  )
  return row && { authorityId: textOf(row, 'authority_id'), bucket: textOf(row, 'bucket') }
}

/** Converts a row that claimDueCrls has returned. */
export function crlOf(row: Row): CrlRecord {
  return {
    id: integerOf(row, 'crl_id'),
    authorityId: textOf(row, 'authority_id'),
    name: textOf(row, 'name'),
    kind: textOf(row, 'kind') as CrlKind,
    issuerIdentity: integerOf(row, 'issuer_identity'),
    changes: integerOf(row, 'changes'),
    lastNotAfter: new Date(integerOf(row, 'last_not_after') * 1000),
    failures: integerOf(row, 'failures'),
    crlNumber: integerOf(row, 'crl_number'),
    published: publishedOf(row),
  }
}

function publishedOf(row: Row): PublishedCrl | undefined {
  if (row['generated_at_ms'] === null) return undefined
  return {
    generatedAt: new Date(integerOf(row, 'generated_at_ms')),
    etag: textOf(row, 'etag'),
    bucket: textOf(row, 'bucket'),
    key: textOf(row, 'object_key'),
  }
}
