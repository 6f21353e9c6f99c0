/** Divides rows in memory into pages, so that a table has few elements. */
import Pagination from '@cloudscape-design/components/pagination'
import { useState, type ReactNode } from 'react'

/** Returns the rows on the current page, and the pagination control if there is more than one page. */
export function usePages<Item>(
  all: readonly Item[],
  pageSize: number,
): { readonly items: readonly Item[]; readonly pagination: ReactNode } {
  const [chosen, setChosen] = useState(1)
  const pagesCount = Math.max(1, Math.ceil(all.length / pageSize))
  const page = Math.min(chosen, pagesCount)
  return {
    items: all.slice((page - 1) * pageSize, page * pageSize),
    pagination: pagesCount > 1 && (
      <Pagination
        currentPageIndex={page}
        pagesCount={pagesCount}
        onChange={({ detail }) => setChosen(detail.currentPageIndex)}
      />
    ),
  }
}
