/** The parts of node:crypto that modules in src use, for browsers. Web Crypto has no synchronous hash. */
import { sha256 } from '@noble/hashes/sha2.js'

export function hash(algorithm: string, data: Uint8Array, encoding: string): Uint8Array {
  if (algorithm === 'sha256' && encoding === 'buffer') return sha256(data)
  throw new Error(`the hash ${algorithm} is not available in a browser`)
}
