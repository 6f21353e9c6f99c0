/** Rows of certificate authorities (CAs), and of the certificates that were imported into them. */
import type {
  Authority,
  AuthorityRequest,
  AuthorityType,
  FailureReason,
  InstalledCertificate,
  StoredStatus,
  UsageMode,
  CrlKind,
  CurrentCrl,
} from '../authority/authority.ts'
import type { AuthorityConfiguration } from '../authority/configuration.ts'
import type { KeyStorageSecurityStandard } from '../authority/key-storage.ts'
import type { RevocationConfiguration } from '../authority/revocation-configuration.ts'
import { createOwnedCaches } from '../bounded-cache.ts'
import { sha256 } from '../record/merkle.ts'
import { bytesOf, dateOf, integerOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { changing, guard, sql, type Row, type Sql } from './sql.ts'

/** The database, or a reader for code that does not open the database. */
export type ReadableDatabase = Pick<Database, 'query' | 'snapshot'>

/** Owner of a CA: an account in a Region. */
export interface Owner {
  readonly accountId: string
  readonly region: string
}

const columns = `a.*, c.serial_number, c.not_before, c.not_after, c.certificate_der, c.chain_pem,
    c.issuer_identity, l.name as crl_name, l.kind as crl_kind, l.issuer_identity as crl_issuer_identity
  from authorities a
  left join authority_certificates c using (authority_certificate_number)
  left join crls l using (crl_id)`

const selectOne: Sql = { text: `select ${columns} where a.id = ?`, values: [] }
const onPage = `where a.account_id = ? and a.region = ? and a.authority_number > ?
    and (a.restorable_until_ms is null or a.restorable_until_ms > ?)
    order by a.authority_number limit ?`
const onSharedPage = `where a.authority_number in (
        select authority_number from authority_sharing where account_id in (?, ?))
      and a.account_id <> ? and a.region = ? and a.authority_number > ?
      and (a.restorable_until_ms is null or a.restorable_until_ms > ?)
    order by a.authority_number limit ?`
const selectCreating: Sql = {
  text: `select ${columns} where a.status = 'CREATING' order by a.authority_number limit ?`,
  values: [],
}
const selectErasable: Sql = {
  text: `select ${columns} where a.restorable_until_ms <= ? and a.key_handle is not null limit ?`,
  values: [],
}

/**
 * Inserts a CA with the status CREATING, unless the quota of its account and Region is exhausted. If the quota is exhausted,
 * the statement returns no row. Deleted CAs count toward the quota until their restoration period ends.
 */
export function insertAuthority(request: AuthorityRequest, quota: number): Sql {
  const { id, partition, region, accountId, type, usageMode } = request
  const createdAt = request.createdAt.getTime()
  return changing(
    { table: 'authorities', key: [id] },
    guard(
      'quota',
      sql`insert into authorities (id, partition_name, region, account_id, type, usage_mode,
        key_storage_security_standard, configuration, revocation_configuration, status,
        created_at_ms, last_state_change_at_ms, revision)
      select ${id}, ${partition}, ${region}, ${accountId}, ${type}, ${usageMode},
        ${request.keyStorageSecurityStandard}, ${JSON.stringify(request.configuration)},
        ${JSON.stringify(request.revocation)}, 'CREATING', ${createdAt}, ${createdAt}, 1
      where ${quota} > (select count(*) from authorities
        where account_id = ${accountId} and region = ${region}
          and (restorable_until_ms is null or restorable_until_ms > ${createdAt}))
      returning authority_number`,
    ),
  )
}

/**
 * Inserts the counter that guards the certificate quota of a CA. The caller uses the same transaction as for insertAuthority.
 */
export function insertCertificateCount(authorityId: string): Sql {
  return sql`insert into certificate_counts (authority_number, issued)
    select authority_number, 0 from authorities where id = ${authorityId}`
}

const cachedMax = 1000

/**
 * Cache of CAs, by the ID of the CA. Within a snapshot, each CA is read only once. In later snapshots, only the revision of the
 * CA is read, because a cached CA with the same revision is still correct.
 */
const cacheOf = createOwnedCaches<{ authority: Authority; seenIn: object | undefined }>(cachedMax)

/** Finds a CA by its ID, even after the CA's restoration period. */
export async function findAuthority(
  db: ReadableDatabase,
  id: string,
): Promise<Authority | undefined> {
  const known = cacheOf(db).get(id)
  const seenIn = db.snapshot?.()
  if (known !== undefined && seenIn !== undefined && known.seenIn === seenIn) return known.authority
  const [stamp] = await db.query(sql`select id, revision from authorities where id = ${id}`)
  if (stamp === undefined) return undefined
  const current = knownAuthority(db, stamp, seenIn)
  if (current !== undefined) return current
  const [row] = await db.query({ ...selectOne, values: [id] })
  return row && keepAuthority(db, row, seenIn)
}

/** Cache of the CAs' IDs, by the number of the CA. The number and the ID of a CA never change. */
const idsOf = createOwnedCaches<string>(cachedMax)

/** Finds a CA by its number, even after the CA's restoration period. */
export async function findAuthorityByNumber(
  db: ReadableDatabase,
  number: number,
): Promise<Authority | undefined> {
  const key = String(number)
  const known = idsOf(db).get(key)
  if (known !== undefined) return findAuthority(db, known)
  const [row] = await db.query(sql`select id from authorities where authority_number = ${number}`)
  if (row === undefined) return undefined
  idsOf(db).set(key, textOf(row, 'id'))
  return findAuthority(db, textOf(row, 'id'))
}

function knownAuthority(db: ReadableDatabase, stamp: Row, seenIn?: object): Authority | undefined {
  const known = cacheOf(db).get(textOf(stamp, 'id'))
  if (known?.authority.revision !== integerOf(stamp, 'revision')) return undefined
  known.seenIn = seenIn
  return known.authority
}

function keepAuthority(db: ReadableDatabase, row: Row, seenIn?: object): Authority {
  const authority = authorityOf(row)
  cacheOf(db).set(authority.id, { authority, seenIn })
  return authority
}

/**
 * Lists the CAs of `owner` whose numbers are greater than `after`, oldest first. CAs that are permanently deleted at `now` are
 * omitted.
 */
export function listAuthorities(
  db: ReadableDatabase,
  owner: Owner,
  page: { readonly after: number; readonly limit: number; readonly now: Date },
): Promise<Authority[]> {
  const values = [owner.accountId, owner.region, page.after, page.now.getTime(), page.limit]
  return listKnown(db, { text: onPage, values })
}

/** Lists the CAs of other accounts that are shared with an account or with its organization, oldest first. */
export function listSharedAuthorities(
  db: Database,
  { accountId, region, organizationId }: Owner & { readonly organizationId: string | undefined },
  page: { readonly after: number; readonly limit: number; readonly now: Date },
): Promise<Authority[]> {
  const whom = [accountId, organizationId ?? accountId]
  const values = [...whom, accountId, region, page.after, page.now.getTime(), page.limit]
  return listKnown(db, { text: onSharedPage, values })
}

/**
 * Returns a page from the cache if the cache contains every CA on the page in its current revision. Reading the rows of ten CAs
 * would take 60 of the 160 µs for a request.
 */
async function listKnown(db: ReadableDatabase, { text, values }: Sql): Promise<Authority[]> {
  const seenIn = db.snapshot?.()
  const stamps = await db.query({
    text: `select a.id, a.revision from authorities a ${text}`,
    values,
  })
  const known = stamps.flatMap((stamp) => knownAuthority(db, stamp, seenIn) ?? [])
  if (known.length === stamps.length) return known
  const rows = await db.query({ text: `select ${columns} ${text}`, values })
  return rows.map((row) => keepAuthority(db, row, seenIn))
}

/**
 * Lists the CAs that have no key yet, oldest first. The list includes deleted CAs, so that no partly created key is left
 * behind.
 */
export async function listCreatingAuthorities(db: Database, limit: number): Promise<Authority[]> {
  return (await db.query({ ...selectCreating, values: [limit] })).map(authorityOf)
}

/** Lists the CAs that are permanently deleted at `now` and still have a key. */
export async function listErasableAuthorities(
  db: Database,
  now: Date,
  limit: number,
): Promise<Authority[]> {
  return (await db.query({ ...selectErasable, values: [now.getTime(), limit] })).map(authorityOf)
}

/** Columns that a change of a CA's state writes. Columns whose members are omitted keep their values. */
export interface AuthorityChange {
  readonly status?: StoredStatus
  readonly revocation?: RevocationConfiguration
  readonly pastCrlCnames?: readonly string[]
  readonly failureReason?: FailureReason
  readonly keyHandle?: string
  readonly csrPem?: string
  readonly deletion?: { readonly deletedAt: Date; readonly restorableUntil: Date }
}

/** Updates a CA if its revision is unchanged. A row count other than one means that the CA has changed since it was read. */
export function updateAuthority(authority: Authority, change: AuthorityChange, now: Date): Sql {
  const deletion = change.deletion ?? authority.deletion
  const isNewState = change.status !== undefined || change.deletion !== undefined
  const lastStateChangeAt = isNewState ? now : authority.lastStateChangeAt
  return changing(
    { table: 'authorities', key: [authority.id] },
    guard(
      'revision',
      sql`update authorities set
        status = ${change.status ?? authority.status},
        revocation_configuration = ${JSON.stringify(change.revocation ?? authority.revocation)},
        past_crl_cnames = ${JSON.stringify(change.pastCrlCnames ?? authority.pastCrlCnames)},
        failure_reason = ${change.failureReason ?? authority.failureReason ?? null},
        key_handle = ${change.keyHandle ?? authority.keyHandle ?? null},
        csr_pem = ${change.csrPem ?? authority.csrPem ?? null},
        deleted_at_ms = ${deletion?.deletedAt.getTime() ?? null},
        restorable_until_ms = ${deletion?.restorableUntil.getTime() ?? null},
        last_state_change_at_ms = ${lastStateChangeAt.getTime()},
        revision = revision + 1
      where authority_number = ${authority.number} and revision = ${authority.revision}
      returning revision`,
    ),
  )
}

/** Restores a deleted CA. The statement has the same guard as updateAuthority. */
export function restoreAuthority(authority: Authority, now: Date): Sql {
  return changing(
    { table: 'authorities', key: [authority.id] },
    guard(
      'revision',
      sql`update authorities set deleted_at_ms = null, restorable_until_ms = null,
        last_state_change_at_ms = ${now.getTime()}, revision = revision + 1
      where authority_number = ${authority.number} and revision = ${authority.revision}
      returning revision`,
    ),
  )
}

/** Removes the key handle of a permanently deleted CA after the key has been erased. */
export function clearKeyHandle(authority: Authority): Sql {
  return changing(
    { table: 'authorities', key: [authority.id] },
    sql`update authorities set key_handle = null, revision = revision + 1
    where authority_number = ${authority.number}`,
  )
}

/**
 * Inserts an imported CA certificate. `installCertificate`, which is the next statement in the same transaction, makes the
 * certificate the CA's current certificate. `importedAt` must differ from the import times of all earlier certificates of the
 * CA.
 */
export function insertAuthorityCertificate(
  authority: Authority,
  certificate: Omit<InstalledCertificate, 'number'>,
  importedAt: Date,
): Sql {
  return changing(
    {
      table: 'authority_certificates',
      key: [authority.number, importedAt.getTime()],
      sha256: sha256(certificate.certificateDer),
    },
    sql`insert into authority_certificates (authority_number, serial_number, not_before,
      not_after, certificate_der, chain_pem, imported_at_ms, issuer_identity)
    values (${authority.number}, ${certificate.serialNumberHex},
      ${certificate.notBefore.getTime() / 1000}, ${certificate.notAfter.getTime() / 1000},
      ${certificate.certificateDer}, ${certificate.chainPem ?? null}, ${importedAt.getTime()},
      ${certificate.issuerIdentity})`,
  )
}

/**
 * Makes the most recently inserted certificate the current certificate of its CA. The statement has the same guard as
 * updateAuthority.
 */
export function installCertificate(authority: Authority, status: StoredStatus, now: Date): Sql {
  return changing(
    { table: 'authorities', key: [authority.id] },
    guard(
      'revision',
      sql`update authorities set status = ${status},
        authority_certificate_number = (select max(authority_certificate_number)
          from authority_certificates where authority_number = ${authority.number}),
        last_state_change_at_ms = ${now.getTime()}, revision = revision + 1
      where authority_number = ${authority.number} and revision = ${authority.revision}
      returning revision`,
    ),
  )
}

function authorityOf(row: Row): Authority {
  return {
    number: integerOf(row, 'authority_number'),
    id: textOf(row, 'id'),
    partition: textOf(row, 'partition_name'),
    region: textOf(row, 'region'),
    accountId: textOf(row, 'account_id'),
    type: textOf(row, 'type') as AuthorityType,
    usageMode: textOf(row, 'usage_mode') as UsageMode,
    keyStorageSecurityStandard: textOf(
      row,
      'key_storage_security_standard',
    ) as KeyStorageSecurityStandard,
    configuration: JSON.parse(textOf(row, 'configuration')) as AuthorityConfiguration,
    revocation: JSON.parse(textOf(row, 'revocation_configuration')) as RevocationConfiguration,
    createdAt: dateOf(row, 'created_at_ms'),
    status: textOf(row, 'status') as StoredStatus,
    failureReason: (row['failure_reason'] ?? undefined) as FailureReason | undefined,
    lastStateChangeAt: dateOf(row, 'last_state_change_at_ms'),
    keyHandle: (row['key_handle'] ?? undefined) as string | undefined,
    csrPem: (row['csr_pem'] ?? undefined) as string | undefined,
    certificate: certificateOf(row),
    crl: crlOf(row),
    pastCrlCnames: JSON.parse((row['past_crl_cnames'] as string | null) ?? '[]') as string[],
    deletion: deletionOf(row),
    revision: integerOf(row, 'revision'),
  }
}

function certificateOf(row: Row): InstalledCertificate | undefined {
  if (row['authority_certificate_number'] === null) return undefined
  return {
    number: integerOf(row, 'authority_certificate_number'),
    issuerIdentity: integerOf(row, 'issuer_identity'),
    serialNumberHex: textOf(row, 'serial_number'),
    notBefore: new Date(integerOf(row, 'not_before') * 1000),
    notAfter: new Date(integerOf(row, 'not_after') * 1000),
    certificateDer: bytesOf(row, 'certificate_der'),
    chainPem: (row['chain_pem'] ?? undefined) as string | undefined,
  }
}

function crlOf(row: Row): CurrentCrl | undefined {
  if (row['crl_id'] === null) return undefined
  return {
    id: integerOf(row, 'crl_id'),
    name: textOf(row, 'crl_name'),
    kind: textOf(row, 'crl_kind') as CrlKind,
    issuerIdentity: integerOf(row, 'crl_issuer_identity'),
  }
}

function deletionOf(row: Row): Authority['deletion'] {
  if (row['deleted_at_ms'] === null) return undefined
  return {
    deletedAt: dateOf(row, 'deleted_at_ms'),
    restorableUntil: dateOf(row, 'restorable_until_ms'),
  }
}

/** Returns the IDs of all CAs by number, including deleted CAs. */
export async function listAuthorityIds(
  db: Pick<Database, 'query'>,
): Promise<ReadonlyMap<number, string>> {
  const rows = await db.query(sql`select authority_number, id from authorities`)
  return new Map(rows.map((row) => [integerOf(row, 'authority_number'), textOf(row, 'id')]))
}
