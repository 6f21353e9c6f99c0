/** Lists whose filters are in the address. */
import { useState } from 'react'
import type { Client, Listed } from '../api/client.ts'
import { hrefOf, navigate, useLocation } from '../app/router.ts'
import { useCall, type Loaded } from '../app/use-call.ts'

/** The pages of a list. */
export interface ListPages {
  readonly current: number
  /** Number of known pages. */
  readonly count: number
  /** Whether there are pages after the known ones. */
  readonly isOpen: boolean
  readonly show: (page: number) => void
}

export interface List<Rows> extends Loaded<Rows> {
  readonly query: URLSearchParams
  /** Changes parameters of the address, and shows the first page. An empty value removes a parameter. */
  readonly change: (parameters: Readonly<Record<string, string>>) => void
  /** Removes all parameters. */
  readonly clear: () => void
  /** The pages of the API. */
  readonly pages: ListPages
}

interface ListOptions<Rows> {
  /** The filters that the API applies, as text. The list is loaded if they change, and not at all if they are undefined. */
  readonly filters: string | undefined
  readonly load: (
    client: Client,
    page: { readonly token: string | undefined; readonly signal: AbortSignal },
  ) => Promise<Rows>
  /** Called before other rows are loaded with the same filters. */
  readonly onLeave?: () => void
}

/** Loads the list of the page at `path`. */
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

/** Returns the pages of rows that are in memory; undefined if there is only one page. The address contains the page. */
export function pagesInAddress(
  { page, pagesCount }: { readonly page: number; readonly pagesCount: number },
  { change }: Pick<List<unknown>, 'change'>,
): ListPages | undefined {
  if (pagesCount <= 1) return undefined
  const show = (next: number): void => change({ page: String(next) })
  return { current: page, count: pagesCount, isOpen: false, show }
}
