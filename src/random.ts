import { randomBytes, randomUUID } from 'node:crypto'

/** A source of random bytes. */
export interface Random {
  /** Returns `length` random bytes that are unpredictable and independent of all earlier calls. */
  bytes(length: number): Uint8Array
}

/** The platform's cryptographically secure random number generator. */
export const systemRandom: Random = { bytes: (length) => randomBytes(length) }

/** Returns a random lower-case UUID (RFC 9562 §5.4, version 4). */
export function uuid(random: Random): string {
  // randomUUID is faster than the code below, because it generates random bytes for many UUIDs in advance.
  if (random === systemRandom) return randomUUID()
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
