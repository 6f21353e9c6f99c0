/** Lists that are read in pages, so that no statement returns an unlimited number of rows. */

/** The part of a list that one statement reads. */
export interface RowPage<Position> {
  /** Position of the last row on the previous page, or undefined for the first page. */
  readonly after: Position | undefined
  /** Maximum number of rows on a page. */
  readonly limit: number
}

const rowsPerPage = 1000

/** Reads all rows of a list, one page at a time. Each row also serves as a position in the list. */
export async function readAllRows<Row>(
  read: (page: RowPage<Row>) => Promise<readonly Row[]>,
): Promise<Row[]> {
  const rows: Row[] = []
  let page: readonly Row[]
  do {
    page = await read({ after: rows.at(-1), limit: rowsPerPage })
    rows.push(...page)
  } while (page.length === rowsPerPage)
  return rows
}
