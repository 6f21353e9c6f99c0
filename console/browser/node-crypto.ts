/** The parts of node:crypto that src/record uses, for browsers. The console signs and verifies with Web Crypto. */
import { Buffer } from 'buffer'
import { sha256 } from './sha256.ts'

export function hash(algorithm: string, bytes: Uint8Array): Buffer {
  if (algorithm !== 'sha256') throw new Error(`${algorithm} is not available in a browser`)
  return Buffer.from(sha256(bytes))
}
