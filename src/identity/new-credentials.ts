import type { Random } from '../random.ts'

/** RFC 4648 base 32, which AWS's unique ids are written in. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const idCharacters = 16
/** 240 bits: 40 characters of base64, as AWS's secrets are. */
const secretBytes = 30

/** Unique ids by what they are of (IAM User Guide, IAM identifiers). */
const prefixes = {
  'access key': 'AKIA',
  'temporary access key': 'ASIA',
  user: 'AIDA',
  role: 'AROA',
} as const

/** A new unique id in AWS's form: four letters that say what it is of, and 16 characters. */
export function newUniqueId(of: keyof typeof prefixes, random: Random): string {
  const characters = Array.from(random.bytes(idCharacters), (byte) => alphabet.charAt(byte & 31))
  return `${prefixes[of]}${characters.join('')}`
}

/** A new access key in AWS's form: an id, and a secret of 40 characters. */
export function newAccessKey(
  random: Random,
  of: 'access key' | 'temporary access key' = 'access key',
): { readonly accessKeyId: string; readonly secretAccessKey: string } {
  return {
    accessKeyId: newUniqueId(of, random),
    secretAccessKey: Buffer.from(random.bytes(secretBytes)).toString('base64'),
  }
}
