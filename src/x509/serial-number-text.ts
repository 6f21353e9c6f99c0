/** Serial numbers: the stored form, and the forms in which clients and tools write them. */

/** Length of stored serial numbers in bytes, for all certificates that this server issues. */
export const recordBytes = 16

const plainForm = /^[0-9a-f]+$/i
/** The form of OpenSSL, AWS's samples and audit reports. The first byte may lack its leading zero. */
const colonForm = /^[0-9a-f]{1,2}(:[0-9a-f]{2})*$/i

/**
 * Parses a serial number to its stored form of 16 bytes. Accepts hexadecimal in any case and of odd length, with or without
 * colons between bytes, and with or without a leading `0x` or leading zeros. Returns undefined for any other string, and
 * `unknown` for a number that is longer than any that this server issues.
 */
export function parseCertificateSerial(text: string): Uint8Array | 'unknown' | undefined {
  const digits = text.replace(/^0x/i, '')
  if (!plainForm.test(digits) && !colonForm.test(digits)) return undefined
  const significant = digits.replaceAll(':', '').replace(/^0+/, '')
  if (significant.length > recordBytes * 2) return 'unknown'
  return Buffer.from(significant.padStart(recordBytes * 2, '0'), 'hex')
}

/** Converts the contents of a DER INTEGER to the stored form; undefined for a number that this server cannot have issued. */
export function recordedSerialNumber(bytes: Uint8Array): Uint8Array | undefined {
  if ((bytes[0] ?? 0) >= 0x80) return undefined
  const recorded = paddedSerialNumber(bytes)
  return recorded.length > recordBytes ? undefined : recorded
}

/** Converts a serial number of any CA to the stored form: padded with zeros to 16 bytes, or without leading zeros if longer. */
export function paddedSerialNumber(bytes: Uint8Array): Uint8Array {
  const significant = significantBytes(bytes)
  const padded = new Uint8Array(Math.max(recordBytes, significant.length))
  padded.set(significant, padded.length - significant.length)
  return padded
}

/** Returns hexadecimal without leading zero bytes, which is the same for equal numbers, as a key for maps. */
export function serialNumberKey(bytes: Uint8Array): string {
  return Buffer.from(significantBytes(bytes)).toString('hex')
}

function significantBytes(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0)
  return bytes.subarray(first < 0 ? bytes.length : first)
}
