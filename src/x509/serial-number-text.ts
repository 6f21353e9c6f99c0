/** Serial numbers: their normal form in the record, and the forms in which clients and tools write them. */

/** Octets of each serial number that a CA here gives, in the record. */
export const recordBytes = 16

const plainForm = /^[0-9a-f]+$/i
/** As OpenSSL, AWS's samples and audit reports write it; the first octet may have lost its leading zero. */
const colonForm = /^[0-9a-f]{1,2}(:[0-9a-f]{2})*$/i

/**
 * The 16 octets that a serial number has in the record, from hexadecimal of any case: with or without colons between
 * octets, with `0x` or zeros before it or not, of odd length too. Undefined for any other text; `unknown` for a
 * number that is longer than any that a CA here gives.
 */
export function parseCertificateSerial(text: string): Uint8Array | 'unknown' | undefined {
  const digits = text.replace(/^0x/i, '')
  if (!plainForm.test(digits) && !colonForm.test(digits)) return undefined
  const significant = digits.replaceAll(':', '').replace(/^0+/, '')
  if (significant.length > recordBytes * 2) return 'unknown'
  return Buffer.from(significant.padStart(recordBytes * 2, '0'), 'hex')
}

/** The same octets from the contents of a DER INTEGER; undefined for a number that no CA here gives. */
export function recordedSerialNumber(bytes: Uint8Array): Uint8Array | undefined {
  if ((bytes[0] ?? 0) >= 0x80) return undefined
  const recorded = paddedSerialNumber(bytes)
  return recorded.length > recordBytes ? undefined : recorded
}

/** A number of any CA as the record has it: zeros before it up to 16 octets, a longer one without leading zeros. */
export function paddedSerialNumber(bytes: Uint8Array): Uint8Array {
  const significant = significantBytes(bytes)
  const padded = new Uint8Array(Math.max(recordBytes, significant.length))
  padded.set(significant, padded.length - significant.length)
  return padded
}

/** Text that is equal for equal numbers, for the keys of maps: hexadecimal without leading zero octets. */
export function serialNumberKey(bytes: Uint8Array): string {
  return Buffer.from(significantBytes(bytes)).toString('hex')
}

function significantBytes(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0)
  return bytes.subarray(first < 0 ? bytes.length : first)
}
