/** The parts of node:crypto that src/record uses, implemented for browsers. The console uses Web Crypto to sign and verify. */
import { Buffer } from 'buffer'
import { sha256 } from './sha256.ts'

export function hash(algorithm: string, bytes: Uint8Array): Buffer {
  if (algorithm !== 'sha256') throw new Error(`${algorithm} is not available in a browser`)
  return Buffer.from(sha256(bytes))
}
