/** A page of the certificates that a filter is about, however many there are. */
import type { SearchPosition } from '../store/certificate-search.ts'
import type { Database } from '../store/database.ts'
import { isObject } from '../text/json.ts'
import { listedAt, type CertificateFilter, type ListedCertificate } from './filter.ts'
import { indexScanNames, indexScansFor, type IndexScan, type IndexScanName } from './orders.ts'

/** Where a page goes on, in which order. */
export interface SearchCursor extends SearchPosition {
  readonly order: IndexScanName
}

export interface SearchPage {
  readonly certificates: readonly ListedCertificate[]
  /** Undefined if there are no more. A page may be short, or empty, and others follow all the same. */
  readonly next: SearchCursor | undefined
}

/** So many certificates are looked at for one page, or one more than are asked for: each may be a read of the disk. */
const lookedAtMax = 150
/** How far orders are counted to find the shortest: further only if none is shorter than that. */
const countsMax = [1000, 10_000]

/**
 * At most `limit` certificates, after the place where the page before ended. What may be chosen is the order with the
 * fewest certificates in it, in the beginning and for all pages.
 */
export async function searchCertificates(
  db: Pick<Database, 'query'>,
  filter: CertificateFilter,
  page: { readonly after: SearchCursor | undefined; readonly limit: number; readonly now: Date },
): Promise<SearchPage> {
  const orders = indexScansFor(filter, page.now)
  const { after } = page
  const order =
    after === undefined
      ? await shortestOf(db, orders)
      : orders.find(({ name }) => name === after.order)
  return order === undefined
    ? { certificates: [], next: undefined }
    : readPage(db, { order, filter }, page)
}

async function shortestOf(
  db: Pick<Database, 'query'>,
  orders: readonly IndexScan[],
): Promise<IndexScan | undefined> {
  if (orders.length <= 1) return orders[0]
  for (const max of countsMax) {
    const counts = await Promise.all(orders.map((order) => order.count(db, max)))
    const least = Math.min(...counts)
    if (least < max) return orders[counts.indexOf(least)]
  }
  return orders[0]
}

async function readPage(
  db: Pick<Database, 'query'>,
  { order, filter }: { readonly order: IndexScan; readonly filter: CertificateFilter },
  { after, limit, now }: Parameters<typeof searchCertificates>[2],
): Promise<SearchPage> {
  const certificates: ListedCertificate[] = []
  let room = Math.max(lookedAtMax, limit + 1)
  let position: SearchPosition | undefined = after
  // One more than is asked for, to know whether others follow.
  let size = limit + 1
  for (;;) {
    const { found, next } = await order.read(db, position, size)
    for (const one of found) {
      if (certificates.length === limit) return { certificates, next: placeOf(order, position) }
      position = one
      const listed = listedAt(one, filter, now)
      if (listed !== undefined && order.isFirst?.(listed) !== false) certificates.push(listed)
    }
    if (next === undefined) return { certificates, next: undefined }
    position = next
    room -= found.length
    if (room <= 0 || found.length < size) return { certificates, next: placeOf(order, position) }
    size = room
  }
}

function placeOf(order: IndexScan, position: SearchPosition | undefined): SearchCursor | undefined {
  if (position === undefined) return undefined
  return { order: order.name, key: position.key, number: position.number }
}

/** A place as text, which only who made it reads. */
export function placeText({ order, key, number }: SearchCursor): string {
  return JSON.stringify({ order, key, number })
}

/** Undefined for any other text. */
export function parsePlace(text: string): SearchCursor | undefined {
  const value: unknown = JSON.parse(text)
  if (!isObject(value)) return undefined
  const { key, number } = value
  const order = indexScanNames.find((name) => name === value['order'])
  const isKey = typeof key === 'string' || typeof key === 'number'
  return order !== undefined && isKey && typeof number === 'number'
    ? { order, key, number }
    : undefined
}
