/** Requests, parsed once for every reader: signatures, protocols, OCSP and public objects. */
import type { IncomingMessage } from 'node:http'
import {
  indexHeaders,
  splitTarget,
  type RawHeaders,
  type SignedRequest,
} from '../wire/sigv4/request.ts'

/** A request without its body. */
export interface RequestHead extends Omit<SignedRequest, 'body'> {
  /** The path below the path prefix of a reverse proxy (`--base-path`): the path that routes see. `path` is what is signed. */
  readonly localPath: string
  /** Host and port that the client requested. */
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
  // RFC 9112 §3.2.2: the host of the target replaces the Host header. The headers keep the signed one.
  return { method, path, localPath, query, headers, host: host ?? headers.get('host')?.[0] }
}

/** The value of a header that is a list, or is sent once; undefined if it was not sent. */
export function headerValue(headers: RawHeaders, name: string): string | undefined {
  return headers.get(name)?.join(', ')
}

/** The headers of a conditional request (RFC 9110 §13.1), as `fresh` reads them. */
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
 * Converts a target to origin form, `/path?query` (RFC 9112 §3.2). For a target in absolute form (`http://host/path?query`),
 * the host that replaces the Host header is returned, too. Any other target is returned unchanged.
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

/** Removes a prefix from a path below it: `/pki/ocsp` without `/pki` is `/ocsp`. */
export function withoutPrefix(path: string, prefix: string): string {
  if (prefix === '' || !path.startsWith(prefix)) return path
  const rest = path.slice(prefix.length)
  if (rest === '') return '/'
  return rest.startsWith('/') ? rest : path
}

/** The parts of the public URL that requests are compared with. */
export interface PublicSite {
  readonly host: string | undefined
  /** The path, without a slash at its end. */
  readonly prefix: string
}

/** Parses the public URL, once for all requests. */
export function publicSite(publicUrl: string): PublicSite {
  if (!URL.canParse(publicUrl)) return { host: undefined, prefix: '' }
  const { host, pathname } = new URL(publicUrl)
  return { host, prefix: pathname.replace(/\/+$/, '') }
}

/**
 * The local paths that the path of a request may stand for: a reverse proxy may, or may not, have removed the path of the public
 * URL.
 */
export function publicPaths(
  { localPath }: Pick<RequestHead, 'localPath'>,
  { prefix }: PublicSite,
): readonly string[] {
  const below = withoutPrefix(localPath, prefix)
  return below === localPath ? [localPath] : [below, localPath]
}

/** A path with its percent escapes decoded; undefined if one is malformed or the bytes are not UTF-8. */
export function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
