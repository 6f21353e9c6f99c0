/** Page addresses, which consist of a path below `/console/` and filters in the query string. */
import { useMemo, useSyncExternalStore } from 'react'

/** Base URL of the console, which ends in `/console/`. */
export const consoleBase = new URL(document.baseURI)
const changed = 'signet:navigate'

/** Endpoint of the API: the parent of `/console/`, including any path prefix added by a reverse proxy. */
export const apiEndpoint = new URL('..', consoleBase)

export interface Location {
  /** Path below `/console/`, without a leading slash. */
  readonly path: string
  readonly query: URLSearchParams
}

/** Returns the address of a page. Query parameters without a value are omitted. */
export function hrefOf(
  path: string,
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const parameters = new URLSearchParams(
    Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1])),
  )
  const search = parameters.size === 0 ? '' : `?${parameters.toString()}`
  return `${consoleBase.pathname}${path}${search}`
}

/**
 * Shows the page at the given address. With `replace`, no entry is added to the browser history, for example when filters change.
 */
export function navigate(href: string, { replace = false } = {}): void {
  const current = location.pathname + location.search
  if (href === current) return
  history[replace ? 'replaceState' : 'pushState'](null, '', href)
  dispatchEvent(new Event(changed))
  if (!replace) scrollTo(0, 0)
}

/** Click handler for links. Console pages open without a reload, except in a new tab. */
export function followLink(
  event: CustomEvent<{
    readonly href?: string | undefined
    readonly external?: boolean | undefined
  }>,
): void {
  const { href, external } = event.detail
  if (href === undefined || external === true || !href.startsWith(consoleBase.pathname)) return
  event.preventDefault()
  navigate(href)
}

export function useLocation(): Location {
  const href = useSyncExternalStore(subscribe, () => location.pathname + location.search)
  return useMemo(() => {
    const url = new URL(href, consoleBase)
    const path = url.pathname.replace(/^.*?\/console\//, '')
    return { path: decodePath(path), query: url.searchParams }
  }, [href])
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function subscribe(onChange: () => void): () => void {
  addEventListener('popstate', onChange)
  addEventListener(changed, onChange)
  return () => {
    removeEventListener('popstate', onChange)
    removeEventListener(changed, onChange)
  }
}
