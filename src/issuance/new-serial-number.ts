import type { Random } from '../random.ts'
import { recordBytes } from '../x509/serial-number-text.ts'

/**
 * Creates a random serial number of 16 bytes, big-endian and nonzero. RFC 5280 §4.1.2.2 requires a positive integer of at most 20
 * octets, and DER adds a leading zero octet if the top bit is set.
 */
export function newSerialNumber(random: Random): Uint8Array {
  const bytes = random.bytes(recordBytes)
  return bytes.some((byte) => byte !== 0) ? bytes : newSerialNumber(random)
}
