import type { Random } from '../random.ts'

/** The base 32 alphabet in RFC 4648, which AWS uses for unique IDs. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const idCharacters = 16
/** Number of random bytes that base64 encodes to 40 characters, the length of AWS's secret access keys. */
const secretBytes = 30

/** Prefixes of unique IDs, by type of principal (IAM User Guide, IAM identifiers). */
const prefixes = {
  'access key': 'AKIA',
  'temporary access key': 'ASIA',
  user: 'AIDA',
  role: 'AROA',
} as const

/** Creates a unique ID in AWS's format: a prefix of four letters and 16 random characters. */
export function newUniqueId(of: keyof typeof prefixes, random: Random): string {
  const characters = Array.from(random.bytes(idCharacters), (byte) => alphabet.charAt(byte & 31))
  return `${prefixes[of]}${characters.join('')}`
}

/** Creates an access key in AWS's format: an access key ID, and a secret access key of 40 characters. */
export function newAccessKey(
  random: Random,
  of: 'access key' | 'temporary access key' = 'access key',
): { readonly accessKeyId: string; readonly secretAccessKey: string } {
  return {
    accessKeyId: newUniqueId(of, random),
    secretAccessKey: Buffer.from(random.bytes(secretBytes)).toString('base64'),
  }
}
