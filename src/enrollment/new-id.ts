/** IDs and tokens in ACME. They are unpredictable, so nobody can guess a URL or a token. */
import type { Random } from '../random.ts'

/** Creates an ID for a URL: 128 bits in 22 characters of base64url. */
export function newResourceId(random: Random): string {
  return Buffer.from(random.bytes(16)).toString('base64url')
}

/** Creates a token for a challenge (RFC 8555 §8.1): 256 bits in 43 characters of base64url. */
export function newChallengeToken(random: Random): string {
  return Buffer.from(random.bytes(32)).toString('base64url')
}
