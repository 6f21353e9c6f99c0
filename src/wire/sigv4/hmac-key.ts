/**
 * HMAC-SHA-256 (RFC 2104) with a reused key, built from one-shot hashes. node:crypto's `createHmac` would create two objects for
 * each text, which the garbage collector must finalize. In a server on Node.js 26, one-shot hashes save 10 to 15 µs of the 90 µs
 * for a GetCertificate request. In a loop that only computes the HMAC, one-shot hashes save only 0.5 µs.
 */
import { hash } from 'node:crypto'

/** Block size of SHA-256, in bytes. */
const blockBytes = 64
const digestBytes = 32

/** A key that has been combined with both pads. Each pad is in a buffer with space for the text or digest that follows. */
export interface HmacKey {
  /** The key XOR ipad, followed by space for a text. */
  readonly inner: Buffer
  /** The key XOR opad, followed by space for a digest. */
  readonly outer: Buffer
}

/** Space for a text, in bytes. The space is longer than any string to sign. */
const textBytes = 512

/**
 * Prepares a key for repeated use. Throws RangeError if the key is longer than a block, because RFC 2104 requires that such a key
 * is hashed first.
 */
export function hmacKey(key: Uint8Array): HmacKey {
  if (key.length > blockBytes)
    throw new RangeError(`the key has ${key.length} bytes; the limit is ${blockBytes}`)
  const pad = (octet: number, spaceBytes: number): Buffer => {
    const block = Uint8Array.from({ length: blockBytes }, (_, at) => (key[at] ?? 0) ^ octet)
    return Buffer.concat([block], blockBytes + spaceBytes)
  }
  return { inner: pad(0x36, textBytes), outer: pad(0x5c, digestBytes) }
}

/** Returns the HMAC of a Latin-1 text, in hexadecimal. */
export function hmacHex({ inner, outer }: HmacKey, text: string): string {
  const length = blockBytes + text.length
  const message = length <= inner.length ? inner : Buffer.concat([inner], length)
  message.write(text, blockBytes, 'latin1')
  outer.write(hash('sha256', message.subarray(0, length), 'hex'), blockBytes, 'hex')
  return hash('sha256', outer, 'hex')
}
