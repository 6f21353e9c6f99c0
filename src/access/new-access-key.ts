import type { Random } from '../random.ts'

/** RFC 4648 base 32, which AWS's access key ids are written in. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const idCharacters = 16
/** 240 bits: 40 characters of base64, as AWS's secrets are. */
const secretBytes = 30

/** A new access key in AWS's form: `AKIA` and 16 characters, and a secret of 40. */
export function newAccessKey(random: Random): { accessKeyId: string; secretAccessKey: string } {
  const characters = Array.from(random.bytes(idCharacters), (byte) => alphabet.charAt(byte & 31))
  return {
    accessKeyId: `AKIA${characters.join('')}`,
    secretAccessKey: Buffer.from(random.bytes(secretBytes)).toString('base64'),
  }
}
