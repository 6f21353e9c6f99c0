/**
 * Writes and reads the revokedCertificates of a CertificateList (RFC 5280 §5.1.2.6, §5.3.1), which may contain millions of
 * entries.
 */
import { DerError } from './der/error.ts'
import { DerReader, readOnly, tags } from './der/reader.ts'
import { readIntegerBytes } from './der/values.ts'
import { encodeElement } from './der/writer.ts'
import { encodeExtensions, findExtension, parseExtensions } from './extensions/extensions.ts'
import { oids } from './der/oid.ts'
import { encodeTime, readTime } from './der/time.ts'

export interface RevokedCertificate {
  /** Serial number in big-endian order. Leading zeros are ignored. */
  readonly serialNumber: Uint8Array
  readonly revocationDate: Date
  /** Reason for the revocation as a CRLReason code. The code 0 (unspecified) is omitted from the entry (RFC 5280 §5.3.1). */
  readonly reasonCode: number
}

/** Maximum size of an entry in bytes, which follows from the maximum length of a serial number (20 bytes). */
const entryBytesMax = 64
const chunkBytes = 1024 * 1024

/** Appends entries to buffers of 1 MiB. No memory is allocated for the individual entries. */
export class RevokedCertificatesWriter {
  readonly #chunks: Buffer[] = []
  #chunk: Buffer = Buffer.alloc(0)
  #offset = 0
  #full = 0
  #entries = 0
  #second = Number.NaN
  #time: Uint8Array = new Uint8Array()

  /** Appends an entry. Throws RangeError if the serial number is longer than 20 bytes, or if encodeTime rejects the date. */
  add({ serialNumber, revocationDate, reasonCode }: RevokedCertificate): void {
    if (serialNumber.length > 20) throw new RangeError('a serial number must have at most 20 bytes')
    if (this.#offset + entryBytesMax > this.#chunk.length) this.#startChunk()
    const start = this.#offset
    const chunk = this.#chunk
    // The length byte of the entry is written at the end.
    let offset = writeSerialNumber(chunk, start + 2, serialNumber)
    const time = this.#encodedTime(revocationDate)
    chunk.set(time, offset)
    offset += time.length
    const extensions = reasonExtensions[reasonCode]
    if (extensions === undefined) throw new RangeError(`reason code ${reasonCode} does not exist`)
    chunk.set(extensions, offset)
    offset += extensions.length
    chunk[start] = tags.sequence
    chunk[start + 1] = offset - start - 2
    this.#offset = offset
    this.#entries += 1
  }

  get entries(): number {
    return this.#entries
  }

  /** Returns the entries one after another, in pieces. */
  pieces(): Uint8Array[] {
    return [...this.#chunks, this.#chunk.subarray(0, this.#offset)]
  }

  /** Total size of all entries, in bytes. */
  get size(): number {
    return this.#full + this.#offset
  }

  #startChunk(): void {
    if (this.#offset > 0) {
      this.#chunks.push(this.#chunk.subarray(0, this.#offset))
      this.#full += this.#offset
    }
    this.#chunk = Buffer.allocUnsafeSlow(chunkBytes)
    this.#offset = 0
  }

  /**
   * Encodes a date. The previous result is reused for the same date, because many certificates are revoked in the same second.
   */
  #encodedTime(date: Date): Uint8Array {
    const second = Math.floor(date.getTime() / 1000)
    if (second !== this.#second) {
      this.#time = encodeTime(date)
      this.#second = second
    }
    return this.#time
  }
}

/** Writes a non-negative INTEGER at the offset `start`, and returns the offset of the next element. */
function writeSerialNumber(chunk: Buffer, start: number, serialNumber: Uint8Array): number {
  let first = 0
  while (first < serialNumber.length - 1 && serialNumber[first] === 0) first += 1
  const sign = (serialNumber[first] ?? 0) >= 0x80 ? 1 : 0
  const length = serialNumber.length - first + sign
  chunk[start] = tags.integer
  chunk[start + 1] = length
  let offset = start + 2
  if (sign === 1) chunk[offset++] = 0
  for (let index = first; index < serialNumber.length; index += 1)
    chunk[offset++] = serialNumber[index] ?? 0
  return offset
}

/**
 * DER of crlEntryExtensions, by reason code. The value is empty for the code 0, and undefined for the code 7, which is not
 * used.
 */
const reasonExtensions: readonly (Uint8Array | undefined)[] = Array.from(
  { length: 11 },
  (_, reasonCode) => {
    if (reasonCode === 0) return new Uint8Array()
    if (reasonCode === 7) return undefined
    const value = encodeElement(tags.enumerated, Uint8Array.of(reasonCode))
    return encodeExtensions([{ oid: oids.reasonCode, critical: false, value }])
  },
)

/** Reads the contents of revokedCertificates, entry by entry. Throws DerError if an entry is malformed. */
export function* readRevokedCertificates(content: Uint8Array): Generator<RevokedCertificate> {
  const reader = new DerReader(content, 'revokedCertificates')
  while (!reader.atEnd) {
    const entry = reader.nested(tags.sequence, 'revokedCertificate')
    const serialNumber = readIntegerBytes(entry.element(tags.integer), 'userCertificate')
    const revocationDate = readTime(entry, 'revocationDate')
    const extensions = entry.atEnd ? [] : parseExtensions(entry.element(tags.sequence).der)
    entry.end()
    const reason = findExtension(extensions, oids.reasonCode)
    yield {
      serialNumber,
      revocationDate,
      reasonCode: reason === undefined ? 0 : parseReasonCode(reason.value),
    }
  }
}

function parseReasonCode(value: Uint8Array): number {
  const { content } = readOnly(value, tags.enumerated, 'reasonCode')
  const [code = 0] = content
  if (content.length !== 1 || code > 10 || code === 7) throw new DerError('reasonCode is invalid')
  return code
}
