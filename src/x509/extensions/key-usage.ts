/** The keyUsage extension (RFC 5280 §4.2.1.3). */
import { DerError } from '../der/error.ts'
import { readOnly, tags } from '../der/reader.ts'
import { encodeNamedBits } from '../der/writer.ts'

/** The names of the keyUsage bits, in the order of the bits. */
export const keyUsageBits = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const

export type KeyUsageBit = (typeof keyUsageBits)[number]

/** Encodes KeyUsage as a BIT STRING without trailing zero bits. */
export function encodeKeyUsage(bits: readonly KeyUsageBit[]): Uint8Array {
  return encodeNamedBits(bits.map((bit) => keyUsageBits.indexOf(bit)))
}

/**
 * Reads the value of the keyUsage extension. Trailing zero bits are accepted, because other software writes them. Throws
 * DerError if the value is malformed or contains undefined bits.
 */
export function parseKeyUsage(value: Uint8Array): KeyUsageBit[] {
  const { content } = readOnly(value, tags.bitString, 'keyUsage')
  const unused = content[0]
  const bytes = content.subarray(1)
  if (unused === undefined || unused > 7 || bytes.length > 2 || (bytes.length === 0 && unused > 0))
    throw new DerError('keyUsage is not a BIT STRING of at most nine bits')
  if (((bytes.at(-1) ?? 0) & ((1 << unused) - 1)) !== 0)
    throw new DerError('keyUsage has unused bits that are set')
  if (((bytes[1] ?? 0) & 0x7f) !== 0) throw new DerError('keyUsage has undefined bits')
  return keyUsageBits.filter(
    (_bit, index) => ((bytes[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0,
  )
}
