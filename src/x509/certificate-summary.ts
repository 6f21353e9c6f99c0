/**
 * What a list of certificates shows of each, read by the million: elements that are not asked for are skipped by their
 * lengths and not looked into (RFC 5280 §4.1).
 */
import { DerError } from './der-error.ts'
import { contextTag, tags } from './der-reader.ts'

export interface CertificateSummary {
  /** `2026-03-01T08:15:30`, UTC. */
  readonly notBefore: string
  readonly notAfter: string
  /** DER of the Name. */
  readonly subjectDer: Uint8Array
}

const versionTag = contextTag(0, true)

/** Reads a certificate that this server issued. Throws DerError if it is none up to its subject. */
export function parseCertificateSummary(der: Uint8Array): CertificateSummary {
  const walker = new Walker(der)
  walker.enter(tags.sequence)
  walker.enter(tags.sequence)
  if (der[walker.at] === versionTag) walker.skip(versionTag)
  walker.skip(tags.integer)
  walker.skip(tags.sequence)
  walker.skip(tags.sequence)
  walker.enter(tags.sequence)
  const notBefore = walker.time()
  const notAfter = walker.time()
  return { notBefore, notAfter, subjectDer: walker.skip(tags.sequence) }
}

/** Moves over elements without making anything of them. */
class Walker {
  readonly #der: Buffer
  at = 0

  constructor(der: Uint8Array) {
    this.#der = Buffer.from(der.buffer, der.byteOffset, der.length)
  }

  /** To the contents of the element here. */
  enter(tag: number): void {
    this.#header(tag)
  }

  /** Over the element here, which is returned whole. */
  skip(tag: number): Uint8Array {
    const start = this.at
    const length = this.#header(tag)
    this.at += length
    return this.#der.subarray(start, this.at)
  }

  /** Over the UTCTime or GeneralizedTime here (RFC 5280 §4.1.2.5). */
  time(): string {
    const isUtc = this.#der[this.at] === tags.utcTime
    const length = this.#header(isUtc ? tags.utcTime : tags.generalizedTime)
    const text = this.#der.toString('latin1', this.at, this.at + length)
    this.at += length
    const full = isUtc ? `${text < '50' ? '20' : '19'}${text}` : text
    if (full.length !== 15) throw new DerError('a time of a certificate has another length')
    return (
      `${full.slice(0, 4)}-${full.slice(4, 6)}-${full.slice(6, 8)}` +
      `T${full.slice(8, 10)}:${full.slice(10, 12)}:${full.slice(12, 14)}`
    )
  }

  /** The length of the element here, whose header is passed over. */
  #header(tag: number): number {
    const der = this.#der
    if (der[this.at] !== tag) throw new DerError(`a certificate has another element at ${this.at}`)
    let length = der[this.at + 1] ?? 0x80
    this.at += 2
    if (length >= 0x80) {
      const octets = length & 0x7f
      if (octets === 0 || octets > 4 || this.at + octets > der.length)
        throw new DerError('a certificate has an element of no length')
      length = der.readUIntBE(this.at, octets)
      this.at += octets
    }
    if (this.at + length > der.length) throw new DerError('a certificate is cut short')
    return length
  }
}
