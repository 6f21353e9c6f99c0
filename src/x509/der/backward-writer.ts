/**
 * DER written from its last byte to its first: the length of an element is known when its header is written, so a whole
 * structure needs one buffer and no copies of its parts. That saves 3 µs of an issuance, and half a dozen ArrayBuffers.
 */
import { tags } from './reader.ts'

const initialBytes = 4096
/** Far more than a usual certificate. A larger buffer is not kept. */
const keptBytesMax = 65_536

/** Receives the parts of a structure, the last one first. */
class BackwardWriter {
  /** Written from `#start` on. */
  #bytes = new Uint8Array(initialBytes)
  #start = initialBytes

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#start)
  }

  byte(byte: number): void {
    this.#reserve(1)
    this.#bytes[this.#start] = byte
  }

  /** A text of ASCII characters. */
  ascii(text: string): void {
    this.#reserve(text.length)
    for (let index = 0; index < text.length; index += 1)
      this.#bytes[this.#start + index] = text.charCodeAt(index)
  }

  /** An element whose contents `writeContents` writes. */
  element(tag: number, writeContents: () => void): void {
    const before = this.#bytes.length - this.#start
    writeContents()
    const length = this.#bytes.length - this.#start - before
    if (length < 0x80) this.byte(length)
    else this.#longLength(length)
    this.byte(tag)
  }

  /** INTEGER of a magnitude, big-endian: leading zeros are dropped, and one is added where the sign needs it. */
  unsigned(magnitude: Uint8Array): void {
    this.element(tags.integer, () => {
      const first = magnitude.findIndex((byte) => byte !== 0)
      const isZero = first < 0
      if (!isZero) this.bytes(first === 0 ? magnitude : magnitude.subarray(first))
      if (isZero || (magnitude[first] ?? 0) >= 0x80) this.byte(0)
    })
  }

  /** BIT STRING of whole bytes. */
  bitString(bytes: Uint8Array): void {
    this.element(tags.bitString, () => {
      this.bytes(bytes)
      this.byte(0)
    })
  }

  /** A copy of what was written. */
  copy(): Uint8Array {
    const copy = new Uint8Array(this.#bytes.length - this.#start)
    copy.set(this.#bytes.subarray(this.#start))
    return copy
  }

  clear(): void {
    if (this.#bytes.length > keptBytesMax) this.#bytes = new Uint8Array(initialBytes)
    this.#start = this.#bytes.length
  }

  #longLength(length: number): void {
    let count = 0
    for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) {
      this.byte(rest % 256)
      count += 1
    }
    this.byte(0x80 | count)
  }

  /** Makes room for `length` bytes before those that were written, where the caller puts them. */
  #reserve(length: number): void {
    if (length > this.#start) this.#grow(length)
    this.#start -= length
  }

  #grow(length: number): void {
    const written = this.#bytes.subarray(this.#start)
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, written.length + length))
    this.#start = grown.length - written.length
    grown.set(written, this.#start)
    this.#bytes = grown
  }
}

export type { BackwardWriter }

/** Undefined while it is in use, so that nested calls have writers of their own. */
let idle: BackwardWriter | undefined

/** The DER that `write` writes, last part first, in an ArrayBuffer of its own. */
export function encodeBackwards(write: (der: BackwardWriter) => void): Uint8Array {
  const writer = idle ?? new BackwardWriter()
  idle = undefined
  try {
    write(writer)
    return writer.copy()
  } finally {
    writer.clear()
    idle = writer
  }
}
