/** Index scans that find the certificates of a filter. Each leaves some conditions of the filter to be checked. */
import {
  countByName,
  countByPosition,
  countOf,
  countRevoked,
  foundCertificateOf,
  selectAuthorityNumbers,
  selectByName,
  selectByPosition,
  selectBySerialNumber,
  selectRevoked,
  type FoundCertificate,
  type SearchPosition,
  type SearchRange,
} from '../store/certificate-search.ts'
import { integerOf } from '../store/columns.ts'
import type { Database } from '../store/database.ts'
import type { Sql } from '../store/sql.ts'
import { firstValidSecond } from '../x509/der/time.ts'
import { facetNumber, type Owner, type PositionFacet } from './facets.ts'
import type { CertificateFilter, ListedCertificate } from './filter.ts'
import {
  matchesName,
  rangeOfPattern,
  reversedKey,
  searchKey,
  type NamePattern,
} from './name-pattern.ts'

type Reader = Pick<Database, 'query'>

export const indexScanNames = [
  'serial-number',
  'name',
  'subject',
  'revoked',
  'requester',
  'template',
  'expiry',
  'issue',
] as const

export type IndexScanName = (typeof indexScanNames)[number]

/** Certificates as far as they were read, and where to go on; undefined if there are no more. */
interface Page {
  readonly found: readonly FoundCertificate[]
  readonly next: SearchPosition | undefined
}

export interface IndexScan {
  readonly name: IndexScanName
  /** At most `limit` certificates after a position. */
  read(db: Reader, after: SearchPosition | undefined, limit: number): Promise<Page>
  /** How many certificates are in it, counted up to `max`. */
  count(db: Reader, max: number): Promise<number>
  /** False for a certificate that the scan has found under an earlier key too. */
  isFirst?(certificate: ListedCertificate): boolean
}

/** Scans that serve a filter, the one that is likely to be the shortest first. */
export function indexScansFor(filter: CertificateFilter, now: Date): IndexScan[] {
  const { serialNumber, alternativeName, subject, requester, templateName } = filter
  if (serialNumber !== undefined) return [bySerialNumber(serialNumber)]
  const scans: IndexScan[] = []
  if (alternativeName !== undefined) scans.push(byName('name', alternativeName, filter))
  if (subject !== undefined) scans.push(byName('subject', subject, filter))
  if (filter.status === 'REVOKED') scans.push(byRevocation(filter))
  const expiry = expiryRange(filter, now)
  const owner = ownerOf(filter)
  if (requester !== undefined)
    scans.push(byPosition('requester', { ...expiry, owner, value: requester }))
  if (templateName !== undefined)
    scans.push(byPosition('template', { ...expiry, owner, value: templateName }))
  const isUnbounded = ({ low, high }: Bounds): boolean => low === lowest && high === highest
  if (!isUnbounded(expiry)) scans.push(byPosition('expiry', { ...expiry, owner }))
  const issue = issueRange(filter)
  // Of one CA there may be fewer than have a name.
  const isSmall = filter.authorityNumber !== undefined && isUnbounded(expiry)
  if (!isUnbounded(issue) || isSmall || scans.length === 0)
    scans.push(byPosition('issue', { ...issue, owner }))
  return scans
}

function ownerOf({ accountId, region, authorityNumber }: CertificateFilter): Owner {
  return authorityNumber === undefined ? { accountId, region } : { authorityNumber }
}

const lowest = Number.MIN_SAFE_INTEGER
const highest = Number.MAX_SAFE_INTEGER

/** Seconds of notAfter that a filter is about: what it asks of the time, and of the status. */
function expiryRange({ expires, status }: CertificateFilter, now: Date): Bounds {
  const firstValid = firstValidSecond(now)
  return {
    low: Math.max(
      expires?.after === undefined ? lowest : Math.ceil(expires.after.getTime() / 1000),
      status === 'VALID' ? firstValid : lowest,
    ),
    high: Math.min(
      expires?.before === undefined ? highest : Math.ceil(expires.before.getTime() / 1000) - 1,
      status === 'EXPIRED' ? firstValid - 1 : highest,
    ),
  }
}

/** Seconds of issue; what is within one is looked at. */
function issueRange({ issued }: CertificateFilter): Bounds {
  return {
    low: issued?.after === undefined ? lowest : Math.floor(issued.after.getTime() / 1000),
    high: issued?.before === undefined ? highest : Math.floor(issued.before.getTime() / 1000),
  }
}

type Bounds = Pick<SearchRange<number>, 'low' | 'high'>

function byPosition(
  name: PositionFacet,
  { owner, value, ...bounds }: Bounds & { readonly owner: Owner; readonly value?: string },
): IndexScan {
  const range: SearchRange<number> = { facet: facetNumber(name, owner, value), ...bounds }
  return {
    name,
    read: (db, after, limit) => readPage(db, selectByPosition(range, after, limit), limit),
    count: async (db, max) => countOf(await db.query(countByPosition(range, max))),
  }
}

function byName(
  name: 'name' | 'subject',
  pattern: NamePattern,
  { accountId, region }: CertificateFilter,
): IndexScan {
  const isReversed = pattern.kind === 'suffix'
  const facet = facetNumber(isReversed ? 'reversed-name' : name, { accountId, region })
  const range: SearchRange<string> = { facet, ...rangeOfPattern(pattern) }
  const keyOf = isReversed ? reversedKey : searchKey
  return {
    name,
    read: (db, after, limit) => readPage(db, selectByName(range, after, limit), limit),
    count: async (db, max) => countOf(await db.query(countByName(range, max))),
    isFirst({ key, names }) {
      const all = name === 'subject' ? names.commonNames : names.alternativeNames
      const [first] = all
        .filter((one) => matchesName(pattern, one))
        .map(keyOf)
        .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      return first === key
    },
  }
}

function bySerialNumber(serialNumber: Uint8Array): IndexScan {
  return {
    name: 'serial-number',
    read: (db, after, limit) =>
      readPage(db, selectBySerialNumber(serialNumber, after, limit), limit),
    count: () => Promise.resolve(0),
  }
}

async function readPage(db: Reader, statement: Sql, limit: number): Promise<Page> {
  const found = (await db.query(statement)).map(foundCertificateOf)
  const last = found.length < limit ? undefined : found.at(-1)
  return { found, next: last }
}

/** CAs of an account that one readPage looks at. */
const authoritiesMax = 50

/** Revoked certificates, CA after CA: revocations are not in the search tables, so that none is ever late. */
function byRevocation(filter: CertificateFilter): IndexScan {
  const { authorityNumber } = filter
  const numbers = async (db: Reader, from: number): Promise<number[]> =>
    authorityNumber === undefined
      ? (await db.query(selectAuthorityNumbers(filter, from, authoritiesMax))).map((row) =>
          integerOf(row, 'authority_number'),
        )
      : [authorityNumber]
  return {
    name: 'revoked',
    async read(db, after, limit) {
      const from = Number(after?.key ?? 0)
      const found: FoundCertificate[] = []
      const authorities = await numbers(db, from)
      for (const number of authorities) {
        const start = number === from ? (after?.number ?? 0) : 0
        const statement = selectRevoked(number, start, limit - found.length)
        found.push(...(await db.query(statement)).map(foundCertificateOf))
        if (found.length >= limit) return { found, next: found.at(-1) }
      }
      const last = authorities.at(-1)
      const isCut = authorities.length === authoritiesMax && last !== undefined
      return { found, next: isCut ? { key: last + 1, number: 0 } : undefined }
    },
    async count(db, max) {
      let count = 0
      for (const number of await numbers(db, 0)) {
        count += countOf(await db.query(countRevoked(number, max - count)))
        if (count >= max) return max
      }
      return count
    },
  }
}
