/** IDs, keys and tokens for enrollment, which are random, so that nobody can guess them. */
import type { Random } from '../random.ts'

/** Index of the hyphen in the alphabet of base64url. */
const hyphen = 62

/**
 * Returns random bytes whose base64url form does not begin with a hyphen. Commands of Signet and of ACME clients would mistake a
 * leading hyphen for an option.
 */
export function argumentBytes(random: Random, length: number): Uint8Array {
  for (;;) {
    const bytes = random.bytes(length)
    if ((bytes[0] ?? 0) >> 2 !== hyphen) return bytes
  }
}

/** Creates an ID for a URL or a command: 128 bits in 22 characters of base64url. */
export function newResourceId(random: Random): string {
  return Buffer.from(argumentBytes(random, 16)).toString('base64url')
}

/** Creates a token for a challenge (RFC 8555 §8.1): 256 bits in 43 characters of base64url. */
export function newChallengeToken(random: Random): string {
  return Buffer.from(random.bytes(32)).toString('base64url')
}
