/**
 * Index scans for a filter. A scan serves some conditions of the filter; the remaining conditions are checked for each
 * certificate.
 */
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
} from '../store/certificate-search.ts'
import { integerOf } from '../store/columns.ts'
import type { Database } from '../store/database.ts'
import { readSearchProgress } from '../store/search-progress.ts'
import { firstValidSecond } from '../x509/der/time.ts'
import { eraOf, facetInEra, facetNumber, noEra, type PositionFacet } from './facets.ts'
import type { CertificateFilter, ListedCertificate } from './filter.ts'
import {
  matchesName,
  rangeOfPattern,
  reversedKey,
  searchKey,
  type NamePattern,
} from './name-pattern.ts'
import { countParts, partsMax, readParts, type PartitionedScan, type Page } from './parts.ts'

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

export interface IndexScan {
  readonly name: IndexScanName
  /** Reads at most `limit` certificates after a position. */
  read(db: Reader, after: SearchPosition | undefined, limit: number): Promise<Page>
  /** Counts the certificates of the scan up to `max`. */
  count(db: Reader, max: number): Promise<number>
  /** Returns false for a certificate that the scan has already found under an earlier key. */
  isFirst?(certificate: ListedCertificate): boolean
}

/** Returns the scans that serve a filter. The scan that is probably shortest comes first. */
export function indexScansFor(filter: CertificateFilter, now: Date): IndexScan[] {
  const { serialNumber, alternativeName, subject, requester, templateName } = filter
  if (serialNumber !== undefined) return [bySerialNumber(serialNumber)]
  const scans: IndexScan[] = []
  if (alternativeName !== undefined) scans.push(byName('name', alternativeName, filter))
  if (subject !== undefined) scans.push(byName('subject', subject, filter))
  if (filter.status === 'REVOKED') scans.push(byRevocation(filter))
  const expiry = expiryRange(filter, now)
  // Certificates that an account requested from its own CAs have no requester entry, so a scan of all certificates finds them.
  if (requester === filter.accountId)
    scans.push({ ...byPosition('expiry', filter, expiry), name: 'requester' })
  else if (requester !== undefined)
    scans.push(byPosition('requester', filter, { ...expiry, value: requester }))
  if (templateName !== undefined)
    scans.push(byPosition('template', filter, { ...expiry, value: templateName }))
  const isUnbounded = ({ low, high }: Bounds): boolean => low === lowest && high === highest
  if (!isUnbounded(expiry)) scans.push(byPosition('expiry', filter, expiry))
  const issue = issueRange(filter)
  // A single CA may have fewer certificates than the account has certificates with this name.
  const isSmall = filter.authorityNumber !== undefined && isUnbounded(expiry)
  if (!isUnbounded(issue) || isSmall || scans.length === 0)
    scans.push(byPosition('issue', filter, issue))
  return scans
}

const lowest = Number.MIN_SAFE_INTEGER
const highest = Number.MAX_SAFE_INTEGER

/** Returns the range of notAfter, in seconds, from the conditions for expiry and status. */
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

/** Returns the range of issue times in whole seconds. The exact time is checked for each certificate. */
function issueRange({ issued }: CertificateFilter): Bounds {
  return {
    low: issued?.after === undefined ? lowest : Math.floor(issued.after.getTime() / 1000),
    high: issued?.before === undefined ? highest : Math.floor(issued.before.getTime() / 1000),
  }
}

type Bounds = Pick<PartitionedScan<number>, 'low' | 'high'>

/** Scans the certificates of one CA, or of all CAs of an account in a Region. */
function byPosition(
  name: PositionFacet,
  filter: CertificateFilter,
  { value, ...bounds }: Bounds & { readonly value?: string },
): IndexScan {
  const { authorityNumber } = filter
  return inParts(name, {
    ...bounds,
    listParts: async (db, from) =>
      authorityNumber === undefined
        ? listAuthorities(db, filter, { from: from ?? 0, limit: partsMax + 1 })
        : [authorityNumber],
    facetOf: (number) => facetNumber(name, { authorityNumber: number }, value),
    select: selectByPosition,
    count: countByPosition,
  })
}

async function listAuthorities(
  db: Reader,
  filter: CertificateFilter,
  { from, limit }: { readonly from: number; readonly limit: number },
): Promise<number[]> {
  const rows = await db.query(selectAuthorityNumbers(filter, from, limit))
  return rows.map((row) => integerOf(row, 'authority_number'))
}

function inParts<Key extends number | string>(
  name: IndexScanName,
  order: PartitionedScan<Key>,
): IndexScan {
  return {
    name,
    read: (db, after, limit) => readParts(db, order, { after, limit }),
    count: (db, max) => countParts(db, order, max),
  }
}

function byName(
  name: 'name' | 'subject',
  pattern: NamePattern,
  { accountId, region }: CertificateFilter,
): IndexScan {
  const isReversed = pattern.kind === 'suffix'
  const facet = facetNumber(isReversed ? 'reversed-name' : name, { accountId, region })
  const keyOf = isReversed ? reversedKey : searchKey
  const scan = inParts(name, {
    ...rangeOfPattern(pattern),
    async listParts(db, from = noEra) {
      const eras = eraOf(await readSearchProgress(db)) - from + 1
      return Array.from({ length: Math.min(Math.max(eras, 0), partsMax + 1) }, (_, at) => from + at)
    },
    facetOf: (era) => facetInEra(facet, era),
    select: selectByName,
    count: countByName,
  })
  return {
    ...scan,
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
    async read(db, after, limit) {
      const rows = await db.query(selectBySerialNumber(serialNumber, after, limit))
      const found = rows.map(foundCertificateOf)
      return { found, next: found.length < limit ? undefined : found.at(-1) }
    },
    count: () => Promise.resolve(0),
  }
}

/** Maximum number of CAs per read. */
const authoritiesMax = 50

/**
 * Scans revoked certificates, one CA after another. The scan reads the table of revocations itself, so it always finds the latest
 * revocations.
 */
function byRevocation(filter: CertificateFilter): IndexScan {
  const { authorityNumber } = filter
  const numbers = async (db: Reader, from: number): Promise<number[]> =>
    authorityNumber === undefined
      ? listAuthorities(db, filter, { from, limit: authoritiesMax })
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
