/** Location of the OCSP request within an HTTP request: the body, or the end of the path in base64. */
import { decodePath, type RequestHead } from '../http/request.ts'

const mediaType = 'application/ocsp-request'
/**
 * Maximum number of path segments that are tested for an OCSP request. No valid path has more segments that start like an OCSP
 * request.
 */
const candidatesMax = 8
const base64Form = /^[A-Za-z0-9+/]+={0,2}$/
/** Number of base64 characters in the longest accepted DER header (6 bytes). */
const headCharacters = 8

/** Clients append a slash to the URL in a certificate (RFC 6960 §A.1), even if the URL already ends with a slash: `//MF…`. */
const pathForm = /^(?:\/|\/ocsp\/?|(?:\/ocsp)?\/{1,2}(M[^.]+))$/

/**
 * Returns the base64-encoded OCSP request in a path. The OCSP request may be below `/ocsp/`, below `/` (with a custom host name),
 * or below any other path of OcspCustomCname or of the public URL. Every OCSP request begins with `M` in base64, because it is a
 * SEQUENCE of less than 16 MiB. No bucket name begins with an upper-case letter. Returns an empty string if the OCSP request is
 * in the body, and undefined if the HTTP request is not an OCSP request.
 */
export function findEncodedRequest(head: RequestHead): string | undefined {
  const match = pathForm.exec(head.localPath)
  const encoded = match === null ? undefined : (match[1] ?? '')
  // An earlier path segment may also look like the start of an OCSP request.
  const isPlain = encoded !== undefined && !encoded.includes('/M')
  return isPlain ? encoded : (ocspBelowPath(head) ?? encoded)
}

/**
 * Decodes a base64 OCSP request to DER. The result is empty for text that is not base64; the responder rejects an empty request.
 */
export function decodeRequest(encoded: string): Buffer {
  const text = encoded.includes('%') ? decodePath(encoded) : encoded
  return text !== undefined && base64Form.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0)
}

/** The parts of an HTTP request that identify an OCSP request. */
type Located = Pick<RequestHead, 'method' | 'localPath' | 'headers'>

/**
 * Returns the base64 OCSP request at the end of a GET path. The result is empty if the body of a POST is an OCSP request, and
 * undefined for any other HTTP request. OCSP requests are recognized by their content, regardless of the CAs' configuration.
 * Objects are never mistaken for OCSP requests, because their names contain a dot.
 */
export function ocspBelowPath({ method, localPath, headers }: Located): string | undefined {
  if (method === 'POST')
    return mediaTypeOf(headers.get('content-type')?.[0]) === mediaType ? '' : undefined
  if (method !== 'GET' || localPath.includes('.')) return undefined
  const text = decodePath(localPath) ?? ''
  let candidates = 0
  for (let at = text.indexOf('/M'); at !== -1; at = text.indexOf('/M', at + 1)) {
    candidates += 1
    if (candidates > candidatesMax) return undefined
    if (isRequest(text, at + 1)) return text.slice(at + 1)
  }
  return undefined
}

function mediaTypeOf(contentType = ''): string {
  return contentType.slice(0, 200).replace(/;.*$/s, '').trim().toLowerCase()
}

/** Returns whether the rest of a string is the base64 of exactly one SEQUENCE, judging by the length in the header. */
function isRequest(text: string, start: number): boolean {
  const head = Buffer.from(text.slice(start, start + headCharacters), 'base64')
  const length = sequenceLength(head)
  if (length === undefined) return false
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const characters = text.length - start - padding
  return Math.floor((characters * 3) / 4) === length && base64Form.test(text.slice(start))
}

/** Returns the length of a SEQUENCE including its header, or undefined if `head` is not the start of a SEQUENCE. */
function sequenceLength(head: Buffer): number | undefined {
  const [tag, first = 0] = head
  if (tag !== 0x30) return undefined
  if (first < 0x80) return 2 + first
  const lengthBytes = first - 0x80
  if (lengthBytes < 1 || lengthBytes > 3 || head.length < 2 + lengthBytes) return undefined
  return 2 + lengthBytes + head.readUIntBE(2, lengthBytes)
}
