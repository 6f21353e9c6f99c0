/** JSON Web Signatures in flattened JSON serialization (RFC 7515 §7.2.2, RFC 8555 §6.2). */
import type { JsonObject } from '../../text/json.ts'
import { decodeBase64url } from '../../text/base64url.ts'
import { quoted } from '../../text/visible-text.ts'
import { AcmeProblem } from '../problem.ts'
import { malformed, parseJsonObject } from './parse-json.ts'

/** A JWS whose signature has not been verified. */
export interface Jws {
  /** The protected header. */
  readonly header: JsonObject
  readonly payload: Buffer
  readonly signature: Buffer
  /** The bytes that the signature covers. */
  readonly signed: Buffer
}

/**
 * Decodes a JWS. Throws a `malformed` problem for other serializations, and for features that ACME forbids or Signet lacks.
 * Unknown members beside `protected`, `payload` and `signature` are ignored (RFC 7515 §7.2.1). `name` is the name of the JWS in
 * the problem's detail, without an article.
 */
export function decodeJws(value: JsonObject, name: string): Jws {
  if (value['signatures'] !== undefined)
    throw malformed(
      `The ${name} has the member signatures. Send one signature in flattened JSON serialization.`,
    )
  if (value['header'] !== undefined)
    throw malformed(
      `The ${name} has an unprotected header. All its members must be in the protected header.`,
    )
  const [headerBytes, payload, signature] = (['protected', 'payload', 'signature'] as const).map(
    (member) => {
      const bytes = decodeBase64url(value[member])
      if (bytes === undefined)
        throw malformed(
          `The member ${member} of the ${name} must be a string in base64url without padding.`,
        )
      return bytes
    },
  ) as [Buffer, Buffer, Buffer]
  const header = parseJsonObject(headerBytes, `protected header of the ${name}`)
  for (const extension of ['crit', 'b64'])
    if (header[extension] !== undefined)
      throw malformed(
        `The protected header of the ${name} has the member ${extension}, which is not supported. Omit it.`,
      )
  const signed = Buffer.from(`${String(value['protected'])}.${String(value['payload'])}`, 'latin1')
  return { header, payload, signature, signed }
}

/** Returns a header member, which must be a string. */
export function textMember(header: JsonObject, member: string, name: string): string {
  const value = header[member]
  if (typeof value !== 'string')
    throw malformed(`The protected header of the ${name} must have the member ${member}, a string.`)
  return value
}

/** Throws a problem unless the JWS was signed for this URL. */
export function requireUrl(header: JsonObject, url: string, name: string): void {
  const signedUrl = textMember(header, 'url', name)
  if (signedUrl !== url)
    throw new AcmeProblem(
      'unauthorized',
      `The ${name} was signed for the URL ${quoted(signedUrl)}, but must be signed for ${url}.`,
    )
}
