import { randomBytes } from 'node:crypto'

/** Where unpredictable bytes come from. */
export interface Random {
  /** `length` bytes, unpredictable and independent of every earlier call. */
  bytes(length: number): Uint8Array
}

/** The platform's cryptographically secure generator. */
export const systemRandom: Random = drawnAhead((length) => randomBytes(length))

const drawnBytes = 4096
const shareBytesMax = 64

/**
 * Draws many bytes at once, as each draw has its price, and hands them out in small shares: copies, of which nothing stays
 * behind.
 */
export function drawnAhead(draw: (length: number) => Uint8Array): Random {
  let drawn: Uint8Array = new Uint8Array()
  let at = 0
  return {
    bytes(length) {
      if (length > shareBytesMax) return draw(length)
      if (at + length > drawn.length) {
        drawn = draw(drawnBytes)
        at = 0
      }
      // Not slice(), which is a view where Node.js has drawn them.
      const share = Uint8Array.from(drawn.subarray(at, at + length))
      drawn.fill(0, at, at + length)
      at += length
      return share
    },
  }
}

/** A random UUID in lower case (RFC 9562 §5.4, version 4). */
export function uuid(random: Random): string {
  const bytes = Buffer.from(random.bytes(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}
