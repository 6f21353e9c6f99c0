/**
 * The search tables. `certificate_facets` sorts certificates by position, and `certificate_names` sorts them by name. In both
 * tables, the first column is a facet number (search/facets.ts).
 */
import type { Authority } from '../authority/authority.ts'
import { bytesOf, dateOf, integerOf, optionalTextOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { sql, type Row, type Sql } from './sql.ts'

/** A certificate with its recorded data and its position in the search results. */
export interface FoundCertificate extends SearchPosition {
  readonly authority: FoundAuthority
  /** The 16 bytes of the serial number in the certificate ARN. */
  readonly serialNumber: Uint8Array
  readonly certificateDer: Uint8Array
  readonly templateName: string
  readonly issuedAt: Date
  readonly notAfter: Date
  readonly requester: Requester
  readonly revocation: { readonly revokedAt: Date; readonly reasonCode: number } | undefined
}

interface FoundAuthority extends Pick<
  Authority,
  'number' | 'id' | 'partition' | 'region' | 'accountId'
> {
  /** End of the CA's restoration period; undefined if the CA is not deleted. */
  readonly restorableUntil: Date | undefined
}

/** Requester of a certificate, as recorded at the time of issuance. */
export interface Requester {
  readonly accountId: string | undefined
  /** ARN of the requesting principal, or name of the requesting service. */
  readonly name: string | undefined
}

/** Position after which a page of search results starts. */
export interface SearchPosition {
  readonly key: number | string
  readonly number: number
  /** First part in the current group, for a scan over several parts (search/parts.ts). */
  readonly part?: number | undefined
}

/** A range of keys, with both ends included. Entries from several facets are merged in the order of their keys. */
export interface SearchRange<Key extends number | string> {
  readonly facets: readonly number[]
  readonly low: Key
  readonly high: Key
}

const columns = `c.certificate_number, c.authority_number, c.serial_number, c.certificate_der,
    c.template_name, c.issued_at_ms, c.not_after, c.requester_account_id, c.requester_service,
    c.requester_arn, a.id, a.partition_name, a.region, a.account_id, a.restorable_until_ms,
    r.revoked_at_ms, r.reason_code`
const joins = `join authorities a on a.authority_number = c.authority_number
  left join revocations r
    on r.authority_number = c.authority_number and r.certificate_number = c.certificate_number`

/**
 * Selects certificates in the order of their positions. For each facet, the database reads no more rows than the page can
 * contain.
 */
export function selectByPosition(
  range: SearchRange<number>,
  after: SearchPosition | undefined,
  limit: number,
): Sql {
  return selectInOrder('position, certificate_number from certificate_facets', {
    range,
    after,
    limit,
  })
}

/**
 * Selects certificates in the order of their names. For each facet, the database reads no more rows than the page can contain.
 */
export function selectByName(
  range: SearchRange<string>,
  after: SearchPosition | undefined,
  limit: number,
): Sql {
  return selectInOrder('name, certificate_number from certificate_names', { range, after, limit })
}

function selectInOrder(
  entries: string,
  {
    range: { facets, low, high },
    after,
    limit,
  }: {
    readonly range: SearchRange<number | string>
    readonly after: SearchPosition | undefined
    readonly limit: number
  },
): Sql {
  const key = entries.slice(0, entries.indexOf(','))
  const inFacet = `select * from (select ${entries}
    where facet = ? and (${key}, certificate_number) > (?, ?) and ${key} <= ?
    order by ${key}, certificate_number limit ?) o`
  // The first page starts at the lowest possible key. Certificate numbers start at 1.
  const from = after ?? { key: low, number: 0 }
  return {
    text: `select f.${key} as search_key, ${columns}
      from (select * from (${unionOf(facets, inFacet)}) u
        order by ${key}, certificate_number limit ?) f
      join certificates c on c.certificate_number = f.certificate_number ${joins}
      order by f.${key}, f.certificate_number`,
    values: [...facets.flatMap((facet) => [facet, from.key, from.number, high, limit]), limit],
  }
}

/**
 * Combines one SELECT per facet, each with its own LIMIT. Without a LIMIT for each facet, PostgreSQL would read and sort the
 * whole range.
 */
function unionOf(facets: readonly number[], inFacet: string): string {
  return facets.map(() => inFacet).join(' union all ')
}

/**
 * Selects the certificates of all CAs that have a given serial number. Unlike the search tables, the table of certificates is
 * always current.
 */
export function selectBySerialNumber(
  serialNumber: Uint8Array,
  after: SearchPosition | undefined,
  limit: number,
): Sql {
  return {
    text: `select c.authority_number as search_key, ${columns} from certificates c ${joins}
      where c.serial_number = ? and c.authority_number > ?
      order by c.authority_number limit ?`,
    values: [serialNumber, after?.key ?? 0, limit],
  }
}

/**
 * Selects the revoked certificates of a CA whose numbers are greater than a given number. Certificates that are missing from
 * the database are omitted.
 */
export function selectRevoked(authorityNumber: number, after: number, limit: number): Sql {
  return {
    text: `select c.authority_number as search_key, ${columns}
      from (select certificate_number from revocations
        where authority_number = ? and certificate_number > ?
        order by certificate_number limit ?) f
      join certificates c on c.certificate_number = f.certificate_number ${joins}
      order by c.certificate_number`,
    values: [authorityNumber, Math.max(after, 0), limit],
  }
}

/**
 * Counts the certificates in a range of positions, up to `max`. The subquery has an ORDER BY clause, because without it
 * PostgreSQL may scan the whole table for a few rows.
 */
export function countByPosition(range: SearchRange<number>, max: number): Sql {
  return countInOrder('position from certificate_facets', range, max)
}

/** Counts the certificates in a range of names, up to `max`. */
export function countByName(range: SearchRange<string>, max: number): Sql {
  return countInOrder('name from certificate_names', range, max)
}

function countInOrder(
  entries: string,
  { facets, low, high }: SearchRange<number | string>,
  max: number,
): Sql {
  const key = entries.slice(0, entries.indexOf(' '))
  const inFacet = `select * from (select ${entries}
    where facet = ? and ${key} >= ? and ${key} <= ? order by ${key} limit ?) o`
  return {
    text: `select count(*) as found from (select * from (${unionOf(facets, inFacet)}) u
      limit ?) f`,
    values: [...facets.flatMap((facet) => [facet, low, high, max]), max],
  }
}

/** Counts the revoked certificates of a CA, up to `max`. */
export function countRevoked(authorityNumber: number, max: number): Sql {
  return sql`select count(*) as found from (select 1 as one from revocations
    where authority_number = ${authorityNumber}
    order by certificate_number limit ${max}) f`
}

export function countOf(rows: readonly Row[]): number {
  return integerOf(rows[0] ?? {}, 'found')
}

/** Selects the numbers of an account's CAs in a Region, starting at the number `from`. */
export function selectAuthorityNumbers(
  { accountId, region }: { readonly accountId: string; readonly region: string },
  from: number,
  limit: number,
): Sql {
  return sql`select authority_number from authorities
    where account_id = ${accountId} and region = ${region} and authority_number >= ${from}
    order by authority_number limit ${limit}`
}

/** Lists the numbers of all CAs. */
export async function listAuthorityNumbers(db: Pick<Database, 'query'>): Promise<number[]> {
  const rows = await db.query(
    sql`select authority_number from authorities order by authority_number`,
  )
  return rows.map((row) => integerOf(row, 'authority_number'))
}

/** Lists the combinations of account and Region that have CAs, either for all accounts or for one account. */
export async function listOwners(db: Pick<Database, 'query'>, accountId: string | undefined) {
  const rows = await db.query(
    sql`select distinct account_id, region from authorities order by account_id, region`,
  )
  return rows
    .map((row) => ({ accountId: textOf(row, 'account_id'), region: textOf(row, 'region') }))
    .filter((owner) => accountId === undefined || owner.accountId === accountId)
}

export function foundCertificateOf(row: Row): FoundCertificate {
  const key = row['search_key']
  if (typeof key !== 'number' && typeof key !== 'string')
    throw new TypeError('column search_key is neither text nor an integer')
  const restorableUntil =
    row['restorable_until_ms'] === null ? undefined : dateOf(row, 'restorable_until_ms')
  return {
    number: integerOf(row, 'certificate_number'),
    key,
    authority: {
      number: integerOf(row, 'authority_number'),
      id: textOf(row, 'id'),
      partition: textOf(row, 'partition_name'),
      region: textOf(row, 'region'),
      accountId: textOf(row, 'account_id'),
      restorableUntil,
    },
    serialNumber: bytesOf(row, 'serial_number'),
    certificateDer: bytesOf(row, 'certificate_der'),
    templateName: textOf(row, 'template_name'),
    issuedAt: dateOf(row, 'issued_at_ms'),
    notAfter: new Date(integerOf(row, 'not_after') * 1000),
    requester: requesterOf(row),
    revocation:
      row['revoked_at_ms'] === null
        ? undefined
        : { revokedAt: dateOf(row, 'revoked_at_ms'), reasonCode: integerOf(row, 'reason_code') },
  }
}

export function requesterOf(row: Row): Requester {
  return {
    accountId: optionalTextOf(row, 'requester_account_id'),
    name: optionalTextOf(row, 'requester_arn') ?? optionalTextOf(row, 'requester_service'),
  }
}
