/**
 * OCSP requests below any path, since an OcspCustomCname and the public URL may have one. A request is recognized by its
 * content, independently of the configuration of CAs.
 */
import type { PublicRequest } from '../http/public-answer.ts'
import { decodePath } from '../http/request-target.ts'

const mediaType = 'application/ocsp-request'
/** No sensible path has more segments that begin like a request. */
const candidatesMax = 8
export const base64Form = /^[A-Za-z0-9+/]+={0,2}$/
/** Base64 characters with the longest header of a DER element that is read: 6 bytes. */
const headCharacters = 8

/** The head of a request. */
interface RequestHead extends Pick<PublicRequest, 'path' | 'headers'> {
  readonly method: string | undefined
}

/**
 * The request in base64 at the end of the path of a GET; empty for a POST whose body is a request; undefined for any other
 * request. Objects are never taken for requests: their names have a dot.
 */
export function ocspBelowPath({ method, path, headers }: RequestHead): string | undefined {
  if (method === 'POST') return mediaTypeOf(headers['content-type']) === mediaType ? '' : undefined
  if (method !== 'GET' || path.includes('.')) return undefined
  const text = decodePath(path) ?? ''
  let candidates = 0
  for (let at = text.indexOf('/M'); at !== -1; at = text.indexOf('/M', at + 1)) {
    candidates += 1
    if (candidates > candidatesMax) return undefined
    if (isRequest(text, at + 1)) return text.slice(at + 1)
  }
  return undefined
}

function mediaTypeOf(contentType: string | string[] | undefined): string {
  if (typeof contentType !== 'string') return ''
  return contentType.slice(0, 200).replace(/;.*$/s, '').trim().toLowerCase()
}

/** Whether the rest of a text is base64 of exactly one SEQUENCE, by the length in its header. */
function isRequest(text: string, start: number): boolean {
  const head = Buffer.from(text.slice(start, start + headCharacters), 'base64')
  const length = sequenceLength(head)
  if (length === undefined) return false
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const characters = text.length - start - padding
  return Math.floor((characters * 3) / 4) === length && base64Form.test(text.slice(start))
}

/** Length in bytes of a SEQUENCE with its header; undefined if `head`, its first bytes, does not begin one. */
function sequenceLength(head: Buffer): number | undefined {
  const [tag, first = 0] = head
  if (tag !== 0x30) return undefined
  if (first < 0x80) return 2 + first
  const octets = first - 0x80
  if (octets < 1 || octets > 3 || head.length < 2 + octets) return undefined
  return 2 + octets + head.readUIntBE(2, octets)
}
