/** Bodies of EST messages: DER in base64, regardless of Content-Transfer-Encoding (RFC 8951 §3). */
import { EstError } from './est-error.ts'

const whiteSpace = /[\t\n\r ]+/g
/** Length of a line in base64 bodies (RFC 2045 §6.8). Older clients require line breaks. */
const linePattern = /.{1,76}/g
const derSequence = 0x30

/**
 * Decodes a request's body. Line breaks, spaces and tabs are accepted anywhere. Throws EstError with status 400 for any other
 * encoding, and for base64 that is not canonical.
 */
export function decodeBase64Body(body: Uint8Array): Uint8Array {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.length)
  const base64 = buffer.toString('latin1').replaceAll(whiteSpace, '')
  const der = Buffer.from(base64, 'base64')
  // Buffer.from ignores invalid characters, padding and unused bits. Re-encoding and comparing detects them.
  if (base64 !== '' && der.toString('base64') === base64) return der
  throw new EstError(400, `The body must be the base64 of a CSR in DER${received(buffer)}.`)
}

function received(body: Buffer): string {
  if (body.length === 0) return '; it is empty'
  if (body.includes('-----BEGIN')) return '; it is PEM: send only the lines between BEGIN and END'
  if (body[0] === derSequence && body.some((byte) => byte < 0x09 || byte > 0x7e))
    return '; it is DER: encode it in base64'
  return ', with the alphabet and the padding of RFC 4648 §4'
}

/** Encodes DER for the body of a response, in lines that end with CRLF. */
export function encodeBase64Body(der: Uint8Array): string {
  const buffer = Buffer.from(der.buffer, der.byteOffset, der.length)
  const lines = buffer.toString('base64').match(linePattern) ?? []
  return lines.map((line) => `${line}\r\n`).join('')
}
