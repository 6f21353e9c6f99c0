/** A leaf's `rows` field, which contains numbers and digests of rows that existed before the record. */

export interface DigestedRow {
  /** Number of the row: an integer of at most 53 bits. */
  readonly number: number
  /** Digest of the row: 16 bytes. */
  readonly digest: Uint8Array
}

const numberBytes = 8
const rowBytes = numberBytes + 16

export function encodeDigestedRows(rows: readonly DigestedRow[]): Uint8Array {
  const bytes = Buffer.alloc(rows.length * rowBytes)
  for (const [index, { number, digest }] of rows.entries()) {
    bytes.writeBigInt64BE(BigInt(number), index * rowBytes)
    bytes.set(digest, index * rowBytes + numberBytes)
  }
  return bytes
}

/** Throws RangeError if the total length is not a multiple of a row's length. */
export function decodeDigestedRows(bytes: Uint8Array): DigestedRow[] {
  if (bytes.length % rowBytes !== 0) throw new RangeError('the digests of rows are truncated')
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / rowBytes }, (_, index) => ({
    number: Number(view.readBigInt64BE(index * rowBytes)),
    digest: bytes.subarray(index * rowBytes + numberBytes, (index + 1) * rowBytes),
  }))
}
