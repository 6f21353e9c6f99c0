import { emptyQuery, parseQuery, type QueryString } from './query-string.ts'

/**
 * A parsed HTTP request, which is the input of Signature Version 4. Strings contain one character for each byte (Latin-1), as
 * in node:http.
 */
export interface SignedRequest {
  readonly method: string
  /** Request target before the first `?`, without any decoding. */
  readonly path: string
  /** Request target after the first `?`. */
  readonly query: QueryString
  readonly headers: RawHeaders
  readonly body: Uint8Array
}

/** Values of each header in the order in which they were sent, by the name of the header in lower case. */
export type RawHeaders = ReadonlyMap<string, readonly string[]>

/** Splits a request target at its first `?`, and parses the query. */
export function splitTarget(target: string): Pick<SignedRequest, 'path' | 'query'> {
  const mark = target.indexOf('?')
  return mark < 0
    ? { path: target, query: emptyQuery }
    : { path: target.slice(0, mark), query: parseQuery(target.slice(mark + 1)) }
}

/** Indexes a list of alternating header names and values, which is the form of `IncomingMessage.rawHeaders`. */
export function indexHeaders(rawHeaders: readonly string[]): RawHeaders {
  const headers = new Map<string, string[]>()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase()
    const value = rawHeaders[at + 1] ?? ''
    const values = headers.get(name)
    if (values === undefined) headers.set(name, [value])
    else values.push(value)
  }
  return headers
}
