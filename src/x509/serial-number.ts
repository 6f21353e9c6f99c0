/** CertificateSerial of RevokeCertificate: hexadecimal, in the forms in which clients and tools write it. */

/** Octets of a serial number in the record (issuance/serial-number.ts). */
const recordOctets = 16

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
  if (significant.length > recordOctets * 2) return 'unknown'
  return Buffer.from(significant.padStart(recordOctets * 2, '0'), 'hex')
}

/** The same octets from the contents of a DER INTEGER; undefined for a number that no CA here gives. */
export function recordedSerialNumber(octets: Uint8Array): Uint8Array | undefined {
  const first = octets.findIndex((octet) => octet !== 0)
  const significant = first < 0 ? new Uint8Array() : octets.subarray(first)
  if (significant.length > recordOctets || (octets[0] ?? 0) >= 0x80) return undefined
  const recorded = new Uint8Array(recordOctets)
  recorded.set(significant, recordOctets - significant.length)
  return recorded
}
