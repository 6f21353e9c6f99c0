/** Lists whose filters are in the page's address. */
import { useState } from 'react'
import type { Client, Listed } from '../api/client.ts'
import { hrefOf, navigate, useLocation } from '../app/router.ts'
import { useCall, type Loaded } from '../app/use-call.ts'

/** The pages of a list. */
export interface ListPages {
  readonly current: number
  /** Number of known pages. */
  readonly count: number
  /** Whether more pages follow the known pages. */
  readonly isOpen: boolean
  readonly show: (page: number) => void
}

export interface List<Rows> extends Loaded<Rows> {
  readonly query: URLSearchParams
  /**
   * Changes query parameters in the page's address, and shows the first page of the list. An empty value
   * removes the query parameter.
   */
  readonly change: (parameters: Readonly<Record<string, string>>) => void
  /** Removes all query parameters. */
  readonly clear: () => void
  /** Pages that the API returns. */
  readonly pages: ListPages
}

interface ListOptions<Rows> {
  /**
   * Text form of the filters that the API applies. The list is reloaded if the filters change. Undefined filters mean that the
   * list is not loaded.
   */
  readonly filters: string | undefined
  readonly load: (
    client: Client,
    page: { readonly token: string | undefined; readonly signal: AbortSignal },
  ) => Promise<Rows>
  /** Called before rows are reloaded with the same filters. */
  readonly onLeave?: () => void
}

/** Loads the list for the page at `path`. */
export function useList<Rows extends Listed<unknown>>(
  path: string,
  { filters, load, onLeave }: ListOptions<Rows>,
): List<Rows> {
  const { query } = useLocation()
  const [position, setPosition] = useState<Position>({ filters, tokens: [undefined], current: 1 })
  const { tokens, current } = position.filters === filters ? position : firstPage
  const token = tokens[current - 1]
  const key = filters === undefined ? undefined : `${path} ${filters} ${token ?? ''}`
  const loaded = useCall(key, (client, signal) => load(client, { token, signal }))
  const next = loaded.value?.nextToken
  const known = next !== undefined && tokens.length === current ? [...tokens, next] : tokens
  return {
    ...loaded,
    reload() {
      onLeave?.()
      loaded.reload()
    },
    query,
    change: (parameters) =>
      navigate(hrefOf(path, { ...Object.fromEntries(query), page: '', ...parameters }), {
        replace: true,
      }),
    clear: () => navigate(hrefOf(path)),
    pages: {
      current,
      count: known.length,
      isOpen: next !== undefined,
      show(page) {
        onLeave?.()
        setPosition({ filters, tokens: known, current: Math.min(page, known.length) })
      },
    },
  }
}

interface Position {
  readonly filters: string | undefined
  /** Tokens of the known pages. */
  readonly tokens: readonly (string | undefined)[]
  readonly current: number
}

const firstPage = { tokens: [undefined], current: 1 }

/**
 * Returns the pages of rows that are in memory, or undefined if there is only one page. The number of the current page
 * is in the page's address.
 */
export function pagesInAddress(
  { page, pagesCount }: { readonly page: number; readonly pagesCount: number },
  { change }: Pick<List<unknown>, 'change'>,
): ListPages | undefined {
  if (pagesCount <= 1) return undefined
  const show = (next: number): void => change({ page: String(next) })
  return { current: page, count: pagesCount, isOpen: false, show }
}
