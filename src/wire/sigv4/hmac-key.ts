/**
 * HMAC-SHA-256 (RFC 2104) under a key that is used again and again, of one-shot hashes. The Hmac of node:crypto creates two objects
 * for each text, which the garbage collector has to finalize. Measured on Node.js 26 in a server: 10 to 15 µs less of the 90 µs
 * of a GetCertificate. A loop over the function alone shows only 0.5 µs.
 */
import { hash } from 'node:crypto'

/** Octets of a block of SHA-256. */
const blockBytes = 64
const digestBytes = 32

/** A key, mixed with both pads. */
export interface HmacKey {
  /** K XOR ipad. */
  readonly inner: Buffer
  /** K XOR opad. */
  readonly outer: Buffer
}

/** Throws RangeError for a key of more than a block, which would have to be hashed first. */
export function hmacKey(key: Uint8Array): HmacKey {
  if (key.length > blockBytes) throw new RangeError(`the key has ${key.length} octets`)
  const pad = (octet: number): Buffer =>
    Buffer.from(Uint8Array.from({ length: blockBytes }, (_, at) => (key[at] ?? 0) ^ octet))
  return { inner: pad(0x36), outer: pad(0x5c) }
}

/** Hexadecimal digits of the HMAC of a latin1 text. */
export function hmacHex({ inner, outer }: HmacKey, text: string): string {
  const message = Buffer.allocUnsafe(blockBytes + text.length)
  inner.copy(message)
  message.write(text, blockBytes, 'latin1')
  const around = Buffer.allocUnsafe(blockBytes + digestBytes)
  outer.copy(around)
  around.write(hash('sha256', message, 'hex'), blockBytes, 'hex')
  return hash('sha256', around, 'hex')
}
