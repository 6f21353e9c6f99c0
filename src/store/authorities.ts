/** Rows of certificate authorities (CAs), and of their imported certificates. */
import type {
  Authority,
  AuthorityType,
  CrlKind,
  CurrentCrl,
  FailureReason,
  InstalledCertificate,
  StoredStatus,
  UsageMode,
} from '../authority/authority.ts'
import type { AuthorityConfiguration } from '../authority/configuration.ts'
import type { KeyStorageSecurityStandard } from '../authority/key-storage.ts'
import type { RevocationConfiguration } from '../authority/revocation-configuration.ts'
import { createOwnedCaches } from '../bounded-cache.ts'
import { bytesOf, dateOf, integerOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { sql, type Row, type Sql } from './sql.ts'

/** The database, or a reader for code that does not open the database itself. */
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

const cachedMax = 1000

/**
 * Cache of CAs by ID. Within a snapshot, each CA is read only once. In later snapshots, only the CA's revision is read, because a
 * cached CA with the same revision is still correct.
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

/** Cache of CA IDs by CA number. A CA's number and ID never change. */
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
 * Returns a page from the cache if the cache contains the current revision of every CA on the page. Reading the rows of ten CAs
 * would take 60 µs of a request's 160 µs.
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
