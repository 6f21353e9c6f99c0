/** Certificate search: one page of the certificates that match a filter. */
import type { SearchPosition } from '../store/certificate-search.ts'
import type { Database } from '../store/database.ts'
import { isObject } from '../text/json.ts'
import { listedAt, type CertificateFilter, type ListedCertificate } from './filter.ts'
import { indexScanNames, indexScansFor, type IndexScan, type IndexScanName } from './index-scans.ts'

/** Position after the previous page, and the name of the index scan. */
export interface SearchCursor extends SearchPosition {
  readonly scan: IndexScanName
}

export interface SearchPage {
  readonly certificates: readonly ListedCertificate[]
  /** Undefined on the last page. A page may be short, or even empty, although more pages follow. */
  readonly next: SearchCursor | undefined
}

/**
 * Maximum number of certificates that are read for a page. The number is limited because each certificate may need a disk read.
 * At least one certificate more than the page size is always read.
 */
const readsMax = 150
/** Limits for counting a scan's certificates. The higher limit is used only if no scan is shorter than the lower limit. */
const countsMax = [1000, 10_000]

/**
 * Returns at most `limit` certificates after a cursor. The first page selects the scan with the fewest certificates. All later
 * pages use the same scan.
 */
export async function searchCertificates(
  db: Pick<Database, 'query'>,
  filter: CertificateFilter,
  page: { readonly after: SearchCursor | undefined; readonly limit: number; readonly now: Date },
): Promise<SearchPage> {
  const scans = indexScansFor(filter, page.now)
  const { after } = page
  const scan =
    after === undefined
      ? await shortestOf(db, scans)
      : scans.find(({ name }) => name === after.scan)
  return scan === undefined
    ? { certificates: [], next: undefined }
    : readPage(db, { scan, filter }, page)
}

async function shortestOf(
  db: Pick<Database, 'query'>,
  scans: readonly IndexScan[],
): Promise<IndexScan | undefined> {
  if (scans.length <= 1) return scans[0]
  for (const max of countsMax) {
    const counts = await Promise.all(scans.map((scan) => scan.count(db, max)))
    const least = Math.min(...counts)
    if (least < max) return scans[counts.indexOf(least)]
  }
  return scans[0]
}

async function readPage(
  db: Pick<Database, 'query'>,
  { scan, filter }: { readonly scan: IndexScan; readonly filter: CertificateFilter },
  { after, limit, now }: Parameters<typeof searchCertificates>[2],
): Promise<SearchPage> {
  const certificates: ListedCertificate[] = []
  let room = Math.max(readsMax, limit + 1)
  let position: SearchPosition | undefined = after
  // An additional certificate is read to determine whether another page follows.
  let size = limit + 1
  for (;;) {
    const { found, next } = await scan.read(db, position, size)
    for (const one of found) {
      if (certificates.length === limit) return { certificates, next: cursorAt(scan, position) }
      position = one
      const listed = listedAt(one, filter, now)
      if (listed !== undefined && scan.isFirst?.(listed) !== false) certificates.push(listed)
    }
    if (next === undefined) return { certificates, next: undefined }
    position = next
    room -= found.length
    if (room <= 0 || found.length < size) return { certificates, next: cursorAt(scan, position) }
    size = room
  }
}

function cursorAt(scan: IndexScan, position: SearchPosition | undefined): SearchCursor | undefined {
  if (position === undefined) return undefined
  const { key, number, part } = position
  return { scan: scan.name, key, number, part }
}

/** Encodes a cursor as text for a page token. */
export function cursorText({ scan, key, number, part }: SearchCursor): string {
  return JSON.stringify({ order: scan, key, number, part })
}

/** Decodes a cursor. Returns undefined for any other text. */
export function parseCursor(text: string): SearchCursor | undefined {
  const value: unknown = JSON.parse(text)
  if (!isObject(value)) return undefined
  const { key, number, part } = value
  const scan = indexScanNames.find((name) => name === value['order'])
  const isKey = typeof key === 'string' || typeof key === 'number'
  const isPart = part === undefined || typeof part === 'number'
  return scan !== undefined && isKey && typeof number === 'number' && isPart
    ? { scan, key, number, part }
    : undefined
}
