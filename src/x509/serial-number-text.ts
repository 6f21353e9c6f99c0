/** Serial numbers in their stored form, and in the forms that clients and tools write. */

/** Length of stored serial numbers in bytes, for all certificates that the server issues. */
export const recordBytes = 16

const plainForm = /^[0-9a-f]+$/i
/**
 * The form of serial numbers in OpenSSL's output and in AWS's samples and audit reports. The first byte may lack its leading
 * zero.
 */
const colonForm = /^[0-9a-f]{1,2}(:[0-9a-f]{2})*$/i

/**
 * Parses a serial number to its stored form, which has 16 bytes. The function accepts any number of hexadecimal digits in upper
 * or lower case, colons between bytes, a leading `0x`, and leading zeros. Returns `unknown` if the number is longer than any
 * serial number that the server issues, and undefined if the string is not a serial number.
 */
export function parseCertificateSerial(text: string): Uint8Array | 'unknown' | undefined {
  const digits = text.replace(/^0x/i, '')
  if (!plainForm.test(digits) && !colonForm.test(digits)) return undefined
  const significant = digits.replaceAll(':', '').replace(/^0+/, '')
  if (significant.length > recordBytes * 2) return 'unknown'
  return Buffer.from(significant.padStart(recordBytes * 2, '0'), 'hex')
}

/**
 * Converts the contents of a DER INTEGER to the stored form of a serial number. Returns undefined if the server cannot have
 * issued the number.
 */
export function recordedSerialNumber(bytes: Uint8Array): Uint8Array | undefined {
  if ((bytes[0] ?? 0) >= 0x80) return undefined
  const recorded = paddedSerialNumber(bytes)
  return recorded.length > recordBytes ? undefined : recorded
}

/**
 * Converts a serial number from any CA to the stored form. The number is padded with zeros to 16 bytes; a longer number has no
 * leading zeros.
 */
export function paddedSerialNumber(bytes: Uint8Array): Uint8Array {
  const significant = significantBytes(bytes)
  const padded = new Uint8Array(Math.max(recordBytes, significant.length))
  padded.set(significant, padded.length - significant.length)
  return padded
}

/**
 * Returns a serial number in hexadecimal without leading zero bytes, for use as a key in maps. The result is the same for equal
 * numbers.
 */
export function serialNumberKey(bytes: Uint8Array): string {
  return Buffer.from(significantBytes(bytes)).toString('hex')
}

function significantBytes(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0)
  return bytes.subarray(first < 0 ? bytes.length : first)
}
