/**
 * CustomCname and OcspCustomCname, which follow `http://` in certificates' URLs (AWS Private CA API, CrlConfiguration,
 * OcspConfiguration). AWS accepts only a host name, whereas Signet also accepts a port and a path.
 */

export interface CustomCname {
  /** Host name in lower case, without a port. */
  readonly host: string
  /** Path without leading and trailing slashes; empty if the CustomCname has no path. */
  readonly path: string
}

/** Maximum length of a host name (RFC 1035 §2.3.4). Longer Host headers never match. */
const hostMax = 253
const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?'
const segment = "[A-Za-z0-9._~!$&'()*+,;=:@-]+"
const cnameForm = new RegExp(
  `^(?<host>(?:${label}\\.)*${label})\\.?(?::\\d{1,5})?(?<path>(?:/${segment})*)$`,
  'i',
)

/** Parses a CustomCname, ignoring trailing slashes. Returns undefined if the value cannot follow `http://` in a URL. */
export function parseCname(value: string): CustomCname | undefined {
  const { host = '', path = '' } = cnameForm.exec(withoutSlashes(value))?.groups ?? {}
  const url = `http://${withoutSlashes(value)}`
  if (host === '' || host.length > hostMax || !URL.canParse(url)) return undefined
  // Clients interpret a numeric host name as an IP address, and resolve relative path segments.
  const { hostname, pathname } = new URL(url)
  const name = host.toLowerCase()
  const isPlain = hostname.replace(/\.$/, '') === name && pathname === (path || '/')
  return isPlain ? { host: name, path: path.slice(1) } : undefined
}

/** Returns the URL for a CustomCname without a trailing slash, or undefined if the value is absent or empty. */
export function cnameUrl(value: string | undefined): string | undefined {
  const name = value === undefined ? '' : withoutSlashes(value)
  return name === '' ? undefined : `http://${name}`
}

/**
 * Returns the part of a request's path below a CustomCname, or undefined if the request has another host or path. `host` is a
 * Host header, with or without a port. `path` starts with exactly one slash.
 */
export function pathBelow(
  { host, path }: CustomCname,
  request: { readonly host: string; readonly path: string },
): string | undefined {
  if (hostName(request.host) !== host) return undefined
  const prefix = path === '' ? '/' : `/${path}/`
  return request.path.startsWith(prefix) ? request.path.slice(prefix.length) : undefined
}

/** Normalizes a Host header for comparison: lower case, without a port or a trailing dot. */
function hostName(header: string): string {
  if (header.length > hostMax + 7) return ''
  return header.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')
}

function withoutSlashes(value: string): string {
  let end = value.length
  while (value[end - 1] === '/') end -= 1
  return value.slice(0, end)
}

/** Maximum number of former CustomCname values kept for a CA. */
const pastMax = 32

/**
 * Returns the former CustomCname values after a change to `next`. Certificates refer to former CustomCname values
 * until the certificates expire.
 */
export function pastCnames(
  past: readonly string[],
  previous: string | undefined,
  next: string | undefined,
): readonly string[] {
  const all = previous ? [previous, ...past] : past
  return [...new Set(all)].filter((each) => each !== next).slice(0, pastMax)
}
