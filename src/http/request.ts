/** Parses requests for signatures, protocols, OCSP and public objects. */
import type { IncomingMessage } from 'node:http'
import {
  indexHeaders,
  splitTarget,
  type RawHeaders,
  type SignedRequest,
} from '../wire/sigv4/request.ts'

/** The request line and headers of a request. */
export interface RequestHead extends Omit<SignedRequest, 'body'> {
  /** Path without the path prefix of a reverse proxy (`--base-path`), for routing. Signatures cover `path`. */
  readonly localPath: string
  /** Requested host and port; undefined if the request has none. */
  readonly host: string | undefined
}

export interface HttpRequest extends RequestHead {
  readonly body: Uint8Array
}

/** Parses a request that node:http has received. Never throws. */
export function parseHead(
  { method = '', url = '', rawHeaders }: Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders'>,
  basePath: string,
): RequestHead {
  const { target, host } = originForm(url)
  const { path, query } = splitTarget(target)
  const headers = indexHeaders(rawHeaders)
  const localPath = withoutPrefix(path, basePath)
  // The host in the request target replaces the Host header (RFC 9112 §3.2.2). `headers` keeps the original header, because it
  // was signed.
  return { method, path, localPath, query, headers, host: host ?? headers.get('host')?.[0] }
}

/** Returns the value of a header, joined if the header was repeated; undefined if it was not sent. */
export function headerValue(headers: RawHeaders, name: string): string | undefined {
  return headers.get(name)?.join(', ')
}

/** Returns the headers of a conditional request (RFC 9110 §13.1) in the form that `fresh` expects. */
export function conditionsOf(headers: RawHeaders): Record<string, string | undefined> {
  return {
    'if-none-match': headerValue(headers, 'if-none-match'),
    'if-modified-since': headers.get('if-modified-since')?.[0],
    'cache-control': headerValue(headers, 'cache-control'),
  }
}

const absoluteForm = /^https?:\/\/([^/?#]*)([^#]*)/i
const slash = 0x2f

/**
 * Converts a request target to origin form, `/path?query` (RFC 9112 §3.2). For a target in absolute form
 * (`http://host/path?query`), also returns the host that replaces the Host header. Any other target is returned unchanged.
 */
export function originForm(target: string): {
  readonly target: string
  readonly host: string | undefined
} {
  if (target.charCodeAt(0) === slash) return { target, host: undefined }
  const [matched, host, rest = ''] = absoluteForm.exec(target) ?? []
  if (matched === undefined) return { target, host: undefined }
  return { target: rest.startsWith('/') ? rest : `/${rest}`, host }
}

/** Removes a prefix from a path: `/pki/ocsp` without `/pki` is `/ocsp`. */
export function withoutPrefix(path: string, prefix: string): string {
  if (prefix === '' || !path.startsWith(prefix)) return path
  const rest = path.slice(prefix.length)
  if (rest === '') return '/'
  return rest.startsWith('/') ? rest : path
}

/** The host and path of the public URL, which requests are compared with. */
export interface PublicSite {
  readonly host: string | undefined
  /** The path, without a trailing slash. */
  readonly prefix: string
}

/** Parses the public URL. */
export function publicSite(publicUrl: string): PublicSite {
  if (!URL.canParse(publicUrl)) return { host: undefined, prefix: '' }
  const { host, pathname } = new URL(publicUrl)
  return { host, prefix: pathname.replace(/\/+$/, '') }
}

/**
 * Returns the local paths to try for a request: the path with and without the path of the public URL, which a reverse proxy may
 * have removed already.
 */
export function publicPaths(
  { localPath }: Pick<RequestHead, 'localPath'>,
  { prefix }: PublicSite,
): readonly string[] {
  const below = withoutPrefix(localPath, prefix)
  return below === localPath ? [localPath] : [below, localPath]
}

/** Decodes the percent escapes in a path. Returns undefined if an escape is malformed or the bytes are not UTF-8. */
export function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
