/**
 * An HTTP request as it was sent: what Signature Version 4 is computed over. Texts hold one character for each byte
 * (latin1), as node:http gives them.
 */
export interface RawRequest {
  readonly method: string
  /** Request target before the first `?`, not decoded. */
  readonly path: string
  /** Request target after the first `?`, not decoded; empty without one. */
  readonly query: string
  readonly headers: RawHeaders
  readonly body: Uint8Array
}

/** Values of every header by its name in lower case, in the order sent. */
export type RawHeaders = ReadonlyMap<string, readonly string[]>

/** Splits a request target at its first `?`. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf('?')
  return mark < 0
    ? { path: target, query: '' }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) }
}

/** Indexes name, value, name, value, …: the form of `IncomingMessage.rawHeaders`. */
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
