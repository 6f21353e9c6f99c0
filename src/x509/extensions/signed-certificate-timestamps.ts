/** SignedCertificateTimestampList (RFC 6962 §3.2, §3.3): TLS structures inside an OCTET STRING. */
import { DerError } from '../der/error.ts'
import { readOnly, tags } from '../der/reader.ts'

/** A timestamp of version 1. */
export interface SignedCertificateTimestamp {
  /** 32 octets. */
  readonly logId: Uint8Array
  /** Milliseconds since 1970. */
  readonly timestamp: bigint
  readonly extensions: Uint8Array
  /** TLS code points of the hash and signature algorithms (RFC 5246 §7.4.1.4.1). */
  readonly hashAlgorithm: number
  readonly signatureAlgorithm: number
  readonly signature: Uint8Array
}

const what = 'signedCertificateTimestampList'
const timestampsMax = 256
const logIdOctets = 32
const timestampOctets = 8

/** Reads vectors with lengths of two octets, as TLS writes them. */
class VectorReader {
  readonly #bytes: Uint8Array
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#offset === this.#bytes.length
  }

  octets(count: number): Uint8Array {
    const end = this.#offset + count
    if (end > this.#bytes.length) throw new DerError(`${what} is cut short`)
    const octets = this.#bytes.subarray(this.#offset, end)
    this.#offset = end
    return octets
  }

  octet(): number {
    return this.octets(1)[0] ?? 0
  }

  vector(): Uint8Array {
    return this.octets(this.octet() * 256 + this.octet())
  }

  end(): void {
    if (!this.atEnd) throw new DerError(`${what} has extra bytes at its end`)
  }
}

/** Reads the value of the extension: at least one timestamp, each of version 1. Throws DerError. */
export function parseTimestampList(value: Uint8Array): SignedCertificateTimestamp[] {
  const outer = new VectorReader(readOnly(value, tags.octetString, what).content)
  const list = new VectorReader(outer.vector())
  outer.end()
  const timestamps: SignedCertificateTimestamp[] = []
  do {
    if (timestamps.length === timestampsMax)
      throw new DerError(`${what} has more than ${timestampsMax} timestamps`)
    timestamps.push(readTimestamp(list.vector()))
  } while (!list.atEnd)
  return timestamps
}

function readTimestamp(octets: Uint8Array): SignedCertificateTimestamp {
  const reader = new VectorReader(octets)
  const version = reader.octet()
  if (version !== 0)
    throw new DerError(`${what} has a timestamp of version ${version + 1}, not version 1`)
  const logId = reader.octets(logIdOctets)
  const timestamp = Buffer.from(reader.octets(timestampOctets)).readBigUInt64BE()
  const extensions = reader.vector()
  const hashAlgorithm = reader.octet()
  const signatureAlgorithm = reader.octet()
  const signature = reader.vector()
  reader.end()
  return { logId, timestamp, extensions, hashAlgorithm, signatureAlgorithm, signature }
}
