import type { Random } from '../random.ts'
import { recordBytes } from '../x509/serial-number-text.ts'

/**
 * A new serial number: 16 random octets, not all zero, big-endian. RFC 5280 §4.1.2.2 asks for a positive integer of
 * at most 20 octets; DER adds a leading zero octet when the top bit is set.
 */
export function newSerialNumber(random: Random): Uint8Array {
  const bytes = random.bytes(recordBytes)
  return bytes.some((byte) => byte !== 0) ? bytes : newSerialNumber(random)
}
