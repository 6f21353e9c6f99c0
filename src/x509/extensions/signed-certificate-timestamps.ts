/** The SignedCertificateTimestampList (RFC 6962 §3.2, §3.3), which consists of TLS structures inside an OCTET STRING. */
import { DerError } from '../der/error.ts'
import { readOnly, tags } from '../der/reader.ts'

/** A signed certificate timestamp of version 1. */
export interface SignedCertificateTimestamp {
  /** ID of the certificate transparency log (32 bytes). */
  readonly logId: Uint8Array
  /** Time of the timestamp, in milliseconds since 1970. */
  readonly timestamp: bigint
  readonly extensions: Uint8Array
  /** TLS code points for the hash and signature algorithms (RFC 5246 §7.4.1.4.1). */
  readonly hashAlgorithm: number
  readonly signatureAlgorithm: number
  readonly signature: Uint8Array
}

const label = 'signedCertificateTimestampList'
const timestampsMax = 256
const logIdBytes = 32
const timestampBytes = 8

/** Reads TLS vectors, each of which is preceded by a length of two bytes. */
class VectorReader {
  readonly #bytes: Uint8Array
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#offset === this.#bytes.length
  }

  bytes(count: number): Uint8Array {
    const end = this.#offset + count
    if (end > this.#bytes.length) throw new DerError(`${label} is truncated`)
    const bytes = this.#bytes.subarray(this.#offset, end)
    this.#offset = end
    return bytes
  }

  byte(): number {
    return this.bytes(1)[0] ?? 0
  }

  vector(): Uint8Array {
    return this.bytes(this.byte() * 256 + this.byte())
  }

  end(): void {
    if (!this.atEnd) throw new DerError(`${label} has trailing data`)
  }
}

/**
 * Reads the value of the extension, which must contain at least one timestamp. All timestamps must have version 1. Throws
 * DerError if the value is malformed.
 */
export function parseTimestampList(value: Uint8Array): SignedCertificateTimestamp[] {
  const outer = new VectorReader(readOnly(value, tags.octetString, label).content)
  const list = new VectorReader(outer.vector())
  outer.end()
  const timestamps: SignedCertificateTimestamp[] = []
  do {
    if (timestamps.length === timestampsMax)
      throw new DerError(`${label} has more than ${timestampsMax} timestamps`)
    timestamps.push(readTimestamp(list.vector()))
  } while (!list.atEnd)
  return timestamps
}

function readTimestamp(bytes: Uint8Array): SignedCertificateTimestamp {
  const reader = new VectorReader(bytes)
  const version = reader.byte()
  if (version !== 0)
    throw new DerError(`${label} has a timestamp of version ${version + 1}, not version 1`)
  const logId = reader.bytes(logIdBytes)
  const timestamp = Buffer.from(reader.bytes(timestampBytes)).readBigUInt64BE()
  const extensions = reader.vector()
  const hashAlgorithm = reader.byte()
  const signatureAlgorithm = reader.byte()
  const signature = reader.vector()
  reader.end()
  return { logId, timestamp, extensions, hashAlgorithm, signatureAlgorithm, signature }
}
