/** The parts of node:buffer that the parsers in src use, implemented for browsers. */
export { Buffer } from 'buffer'

const strict = new TextDecoder('utf-8', { fatal: true })

export function isUtf8(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes)
    return true
  } catch {
    return false
  }
}
