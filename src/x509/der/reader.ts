/**
 * Strict DER (X.690 §8, §10, §11): definite, minimal lengths; low tag numbers; nothing left over. Values are views
 * of the input, never copies.
 *
 * This folder turns bytes into the structures of RFC 5280 and RFC 2986, and back. It does no I/O, reads no clock and
 * knows no policy: it says what is there.
 */
import { DerError } from './error.ts'

/** Identifier octets that the project uses. */
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

/** The identifier octet of a context-specific tag. */
export function contextTag(number: number, constructed: boolean): number {
  return (constructed ? 0xa0 : 0x80) | number
}

export interface DerElement {
  readonly tag: number
  readonly content: Uint8Array
  readonly der: Uint8Array
}

/** Where an element is. */
interface Offsets {
  readonly start: number
  readonly contentStart: number
  readonly end: number
}

/** Octets of a larger array: a view of them is made when it is asked for, which costs more than to find them. */
class Span implements DerElement {
  readonly tag: number
  readonly #bytes: Uint8Array
  readonly #at: Offsets

  constructor(bytes: Uint8Array, at: Offsets) {
    this.tag = bytes[at.start] ?? 0
    this.#bytes = bytes
    this.#at = at
  }

  get content(): Uint8Array {
    return this.#bytes.subarray(this.#at.contentStart, this.#at.end)
  }

  get der(): Uint8Array {
    return this.#bytes.subarray(this.#at.start, this.#at.end)
  }

  /** Whether the contents are those octets. */
  contains(octets: Uint8Array): boolean {
    const { contentStart, end } = this.#at
    if (octets.length !== end - contentStart) return false
    for (let at = 0; at < octets.length; at += 1)
      if (octets[at] !== this.#bytes[contentStart + at]) return false
    return true
  }

  /** A reader of the contents. */
  nested(label: string): DerReader {
    const { contentStart, end } = this.#at
    return new DerReader(this.#bytes, label, { start: contentStart, end })
  }
}

/** Reads one element after the other. Every method throws DerError for what is not there as it should be. */
export class DerReader {
  readonly #bytes: Uint8Array
  readonly #label: string
  readonly #start: number
  readonly #end: number
  #offset: number

  /** Of the octets from `start` up to `end`; `label` names the structure in messages. */
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

  /** The next identifier octet, or undefined at the end. */
  peek(): number | undefined {
    return this.#offset < this.#end ? this.#bytes[this.#offset] : undefined
  }

  /** The next element, whatever it is. */
  any(): Span {
    const start = this.#offset
    const tag = this.#byte()
    if ((tag & 0x1f) === 0x1f) throw this.#error('has a tag of more than one octet')
    const length = this.#length()
    const contentStart = this.#offset
    if (length > this.#end - contentStart) throw this.#error('is cut short')
    this.#offset += length
    return new Span(this.#bytes, { start, contentStart, end: this.#offset })
  }

  /** The next element, which must have that tag. */
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

  /** The next element if it has that tag. */
  optional(tag: number): DerElement | undefined {
    return this.peek() === tag ? this.any() : undefined
  }

  /** A reader of the contents of the next element, which must have that tag; `label` names it. */
  nested(tag: number, label: string): DerReader {
    return this.element(tag).nested(label)
  }

  /** Must be called when a structure is read: nothing may follow. */
  end(): void {
    if (!this.atEnd) throw this.#error('has something left over at its end')
  }

  #byte(): number {
    const byte = this.peek()
    if (byte === undefined) throw this.#error('is cut short')
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
      place: byteOffset + this.#offset,
      start: byteOffset + this.#start,
    })
  }
}

/** Reads the one element that `der` must be; `label` names it in messages. */
export function readOnly(der: Uint8Array, tag: number, label: string): DerElement {
  const reader = new DerReader(der, label)
  const element = reader.element(tag)
  reader.end()
  return element
}

/** A reader of the contents of the one element that `der` must be. */
export function readOnlyNested(der: Uint8Array, tag: number, label: string): DerReader {
  const reader = new DerReader(der, label)
  const nested = reader.nested(tag, label)
  reader.end()
  return nested
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
