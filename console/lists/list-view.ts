/** The visible part of a list. The list's filters, sort order and page number are in the page's address. */

/** Number of rows on one page. */
export const pageSize = 50

/** A filter with fixed values. The first value in `options` is empty and selects all rows. */
export interface SelectFilter<Item> {
  /** Query parameter in the page's address. */
  readonly name: string
  readonly label: string
  readonly options: readonly { readonly value: string; readonly label: string }[]
  readonly matches: (item: Item, value: string) => boolean
}

export interface ListOptions<Item> {
  /** Returns the text that the text filter searches. */
  readonly textOf: (item: Item) => string
  readonly filters: readonly SelectFilter<Item>[]
  /** Sort keys by column ID. Rows with an undefined sort key come first. */
  readonly sortKeys: Readonly<Record<string, (item: Item) => string | number | undefined>>
}

export interface ListView<Item> {
  readonly items: readonly Item[]
  /** Number of rows that match the filters. */
  readonly matching: number
  readonly page: number
  readonly pagesCount: number
  readonly isFiltered: boolean
  /** Column by which the rows are sorted; undefined for the API's order. */
  readonly sortedBy: string | undefined
  readonly isDescending: boolean
}

/** Applies the query parameters in the address to a list. Unknown parameter values are ignored. */
export function viewList<Item>(
  all: readonly Item[],
  query: URLSearchParams,
  { textOf, filters, sortKeys }: ListOptions<Item>,
): ListView<Item> {
  const text = (query.get('find') ?? '').toLowerCase()
  const active = filters.flatMap(({ name, options, matches }) => {
    const value = query.get(name) ?? ''
    const isKnown = value !== '' && options.some((option) => option.value === value)
    return isKnown ? [(item: Item) => matches(item, value)] : []
  })
  const found = all
    .filter((item) => textOf(item).toLowerCase().includes(text))
    .filter((item) => active.every((matches) => matches(item)))
  const sort = query.get('sort') ?? ''
  const isDescending = sort.startsWith('-')
  const column = isDescending ? sort.slice(1) : sort
  const keyOf = Object.hasOwn(sortKeys, column) ? sortKeys[column] : undefined
  const sorted = keyOf === undefined ? found : sortBy(found, keyOf, isDescending)
  const pagesCount = Math.max(1, Math.ceil(sorted.length / pageSize))
  const page = Math.min(Math.max(1, Math.trunc(Number(query.get('page'))) || 1), pagesCount)
  return {
    items: sorted.slice((page - 1) * pageSize, page * pageSize),
    matching: found.length,
    page,
    pagesCount,
    isFiltered: text !== '' || active.length > 0,
    sortedBy: keyOf === undefined ? undefined : column,
    isDescending: keyOf !== undefined && isDescending,
  }
}

function sortBy<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string | number | undefined,
  isDescending: boolean,
): readonly Item[] {
  const sign = isDescending ? -1 : 1
  return items.toSorted((a, b) => sign * compare(keyOf(a), keyOf(b)))
}

function compare(a: string | number | undefined, b: string | number | undefined): number {
  if (a === b) return 0
  if (a === undefined) return -1
  if (b === undefined) return 1
  if (typeof a === 'string' && typeof b === 'string') return a.localeCompare(b)
  return a < b ? -1 : 1
}
