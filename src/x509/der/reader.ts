/**
 * Reads strict DER (X.690 §8, §10, §11), with definite and minimal lengths, low tag numbers, and no trailing data. The values
 * that a reader returns are views of the input, never copies.
 *
 * The code in x509/ parses and encodes the structures from RFC 5280 and RFC 2986. The code in x509/ does no I/O, reads no clock
 * and applies no policy.
 */
import { DerError } from './error.ts'

/** Identifier octets (X.690 §8.1.2) that the project uses. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

/** Returns the identifier octet of a context-specific tag (X.690 §8.1.2). */
export function contextTag(number: number, constructed: boolean): number {
  return (constructed ? 0xa0 : 0x80) | number
}

export interface DerElement {
  readonly tag: number
  readonly content: Uint8Array
  readonly der: Uint8Array
}

/** The offsets of an element within a larger array. */
interface Offsets {
  readonly start: number
  readonly contentStart: number
  readonly end: number
}

/**
 * An element in a larger array. An element's views are created on access, because creating a view takes longer than finding the
 * element.
 */
class Span implements DerElement {
  readonly tag: number
  readonly #bytes: Uint8Array
  readonly #offsets: Offsets

  constructor(bytes: Uint8Array, offsets: Offsets) {
    this.tag = bytes[offsets.start] ?? 0
    this.#bytes = bytes
    this.#offsets = offsets
  }

  get content(): Uint8Array {
    return this.#bytes.subarray(this.#offsets.contentStart, this.#offsets.end)
  }

  get der(): Uint8Array {
    return this.#bytes.subarray(this.#offsets.start, this.#offsets.end)
  }

  /** Returns whether the contents of the element equal `bytes`. */
  contains(bytes: Uint8Array): boolean {
    const { contentStart, end } = this.#offsets
    if (bytes.length !== end - contentStart) return false
    for (let index = 0; index < bytes.length; index += 1)
      if (bytes[index] !== this.#bytes[contentStart + index]) return false
    return true
  }

  /** Returns a reader for the contents of the element. */
  nested(label: string): DerReader {
    const { contentStart, end } = this.#offsets
    return new DerReader(this.#bytes, label, { start: contentStart, end })
  }
}

/** Reads elements in sequence. Every method throws DerError if an element is missing, malformed or unexpected. */
export class DerReader {
  readonly #bytes: Uint8Array
  readonly #label: string
  readonly #start: number
  readonly #end: number
  #offset: number

  /**
   * Creates a reader for the bytes from `start` to `end`, not including `end`. `label` is the name of the structure in
   * messages.
   */
  constructor(bytes: Uint8Array, label: string, { start, end } = { start: 0, end: bytes.length }) {
    this.#bytes = bytes
    this.#label = label
    this.#start = start
    this.#end = end
    this.#offset = start
  }

  get atEnd(): boolean {
    return this.#offset === this.#end
  }

  /** Returns the tag of the next element, or undefined if no elements are left. */
  peek(): number | undefined {
    return this.#offset < this.#end ? this.#bytes[this.#offset] : undefined
  }

  /** Reads the next element, whatever its tag. */
  any(): Span {
    const start = this.#offset
    const tag = this.#byte()
    if ((tag & 0x1f) === 0x1f) throw this.#error('has a tag of more than one byte')
    const length = this.#length()
    const contentStart = this.#offset
    if (length > this.#end - contentStart) throw this.#error('is truncated')
    this.#offset += length
    return new Span(this.#bytes, { start, contentStart, end: this.#offset })
  }

  /** Reads the next element, which must have the given tag. */
  element(tag: number): Span {
    const found = this.peek()
    if (found !== tag)
      throw this.#error(
        found === undefined
          ? `ends where tag 0x${hex(tag)} is expected`
          : `has tag 0x${hex(found)} where 0x${hex(tag)} is expected`,
      )
    return this.any()
  }

  /** Reads the next element if it has the given tag. */
  optional(tag: number): DerElement | undefined {
    return this.peek() === tag ? this.any() : undefined
  }

  /**
   * Returns a reader for the contents of the next element, which must have the given tag. `label` is the name of the element in
   * messages.
   */
  nested(tag: number, label: string): DerReader {
    return this.element(tag).nested(label)
  }

  /** Requires that no bytes are left. Must be called at the end of each structure. */
  end(): void {
    if (!this.atEnd) throw this.#error('has trailing data')
  }

  #byte(): number {
    const byte = this.peek()
    if (byte === undefined) throw this.#error('is truncated')
    this.#offset += 1
    return byte
  }

  #length(): number {
    const first = this.#byte()
    if (first < 0x80) return first
    const bytes = first & 0x7f
    if (bytes === 0) throw this.#error('has an indefinite length')
    if (bytes > 4) throw this.#error('has a length that is too large')
    let length = 0
    for (let index = 0; index < bytes; index += 1) length = length * 256 + this.#byte()
    if (length < 0x80 || length < 256 ** (bytes - 1))
      throw this.#error('has a length that is not minimal')
    return length
  }

  #error(problem: string): DerError {
    const { byteOffset } = this.#bytes
    return new DerError(`${this.#label} ${problem}`, {
      offset: byteOffset + this.#offset,
      start: byteOffset + this.#start,
    })
  }
}

/** Reads `der`, which must be exactly one element with the given tag. `label` is the name of the element in messages. */
export function readOnly(der: Uint8Array, tag: number, label: string): DerElement {
  const reader = new DerReader(der, label)
  const element = reader.element(tag)
  reader.end()
  return element
}

/** Returns a reader for the contents of `der`, which must be exactly one element with the given tag. */
export function readOnlyNested(der: Uint8Array, tag: number, label: string): DerReader {
  const reader = new DerReader(der, label)
  const nested = reader.nested(tag, label)
  reader.end()
  return nested
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
