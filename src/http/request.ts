/** Parses HTTP requests for signature verification, the API protocols, OCSP and public objects. */
import type { IncomingMessage } from 'node:http'
import {
  indexHeaders,
  splitTarget,
  type RawHeaders,
  type SignedRequest,
} from '../wire/sigv4/request.ts'

/** The request line and headers of a request. */
export interface RequestHead extends Omit<SignedRequest, 'body'> {
  /** Request path for routing, without the path prefix of a reverse proxy (`--base-path`). Signatures cover `path` instead. */
  readonly localPath: string
  /** Host and port that the client requested, or undefined if the request contains no host. */
  readonly host: string | undefined
}

export interface HttpRequest extends RequestHead {
  readonly body: Uint8Array
}

/** Parses a request from node:http. The function never throws. */
export function parseHead(
  { method = '', url = '', rawHeaders }: Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders'>,
  basePath: string,
): RequestHead {
  const { target, host } = originForm(url)
  const { path, query } = splitTarget(target)
  const headers = indexHeaders(rawHeaders)
  const localPath = withoutPrefix(path, basePath)
  // The host in the request target replaces the Host header (RFC 9112 §3.2.2). `headers` still contains the original Host
  // header, because the client has signed that header.
  return { method, path, localPath, query, headers, host: host ?? headers.get('host')?.[0] }
}

/**
 * Returns the value of a header, or undefined if the request does not contain the header. The values of a repeated header are
 * joined.
 */
export function headerValue(headers: RawHeaders, name: string): string | undefined {
  return headers.get(name)?.join(', ')
}

/** Returns the headers of a conditional request (RFC 9110 §13.1) in the form that the package `fresh` expects. */
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
 * Converts a request target to origin form, `/path?query` (RFC 9112 §3.2). If the target is in absolute form
 * (`http://host/path?query`), the function also returns the host that replaces the Host header. The function returns any other
 * target unchanged.
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

/** Removes a prefix from a path. For example, `/pki/ocsp` without the prefix `/pki` is `/ocsp`. */
export function withoutPrefix(path: string, prefix: string): string {
  if (prefix === '' || !path.startsWith(prefix)) return path
  const rest = path.slice(prefix.length)
  if (rest === '') return '/'
  return rest.startsWith('/') ? rest : path
}

/** The public URL's host and path, for comparison with a request's host and path. */
export interface PublicSite {
  readonly host: string | undefined
  /** The path of the public URL, without a trailing slash. */
  readonly prefix: string
}

/** Parses the public URL. */
export function publicSite(publicUrl: string): PublicSite {
  if (!URL.canParse(publicUrl)) return { host: undefined, prefix: '' }
  const { host, pathname } = new URL(publicUrl)
  return { host, prefix: pathname.replace(/\/+$/, '') }
}

/**
 * Returns the local paths to try for a request: the path as received, and the path without the public URL's prefix. A reverse
 * proxy may already have removed the public URL's prefix.
 */
export function publicPaths(
  { localPath }: Pick<RequestHead, 'localPath'>,
  { prefix }: PublicSite,
): readonly string[] {
  const below = withoutPrefix(localPath, prefix)
  return below === localPath ? [localPath] : [below, localPath]
}

/** Decodes the percent escapes in a path. Returns undefined if an escape is malformed or the decoded bytes are not UTF-8. */
export function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
