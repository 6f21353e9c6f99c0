/** Contents octets of the universal types, read strictly (X.690 §8, §11). */
import { DerError } from './error.ts'
import type { DerReader } from './reader.ts'
import { tags, type DerElement } from './reader.ts'
import { strict, type Tolerance } from './tolerance.ts'

/** BOOLEAN: 00 or FF, or any octet where BER is tolerated. */
export function readBoolean(
  element: DerElement,
  what: string,
  tolerance: Tolerance = strict,
): boolean {
  const { content } = element
  const [octet] = content
  const isDer = octet === 0x00 || octet === 0xff
  if (content.length !== 1 || !(isDer || tolerance.has('ber-boolean')))
    throw new DerError(
      `${what} is not a BOOLEAN of DER, which is one octet 00 or ff`,
      startOf(element),
    )
  return octet !== 0x00
}

/** BOOLEAN DEFAULT FALSE: false if it is absent. Throws DerError for an encoded FALSE, which DER does not allow. */
export function readOptionalBoolean(
  reader: DerReader,
  what: string,
  tolerance: Tolerance = strict,
): boolean {
  const element = reader.optional(tags.boolean)
  if (element === undefined) return false
  const value = readBoolean(element, what, tolerance)
  if (!value && !tolerance.has('explicit-default'))
    throw new DerError(`${what} is FALSE, which DER leaves out`, startOf(element))
  return value
}

/** The position of an element, for errors. */
export function startOf({ der }: DerElement): { readonly place: number } {
  return { place: der.byteOffset }
}

/** INTEGER: its contents octets, two's complement, checked to be minimal. */
export function readIntegerOctets({ content }: DerElement, what: string): Uint8Array {
  const [first, second = 0] = content
  if (first === undefined) throw new DerError(`${what} is an INTEGER without octets`)
  const redundant = (first === 0x00 && second < 0x80) || (first === 0xff && second >= 0x80)
  if (content.length > 1 && redundant) throw new DerError(`${what} is not a minimal INTEGER`)
  return content
}

/** INTEGER that is not negative: its magnitude, without the leading zero octet; empty for zero. */
export function readUnsignedOctets(element: DerElement, what: string): Uint8Array {
  const content = readIntegerOctets(element, what)
  const first = content[0] ?? 0
  if (first >= 0x80) throw new DerError(`${what} is negative`)
  return first === 0 ? content.subarray(1) : content
}

/** INTEGER from 0 to `max`, at most 2^31. */
export function readSmallInteger(element: DerElement, what: string, max: number): number {
  const octets = readUnsignedOctets(element, what)
  const value = octets.length > 4 ? Infinity : octets.reduce((sum, octet) => sum * 256 + octet, 0)
  if (value > max) throw new DerError(`${what} is more than ${max}`)
  return value
}

/** BIT STRING of whole octets: the octets. */
export function readBitStringOctets({ content }: DerElement, what: string): Uint8Array {
  if (content[0] !== 0) throw new DerError(`${what} is not a BIT STRING of whole octets`)
  return content.subarray(1)
}

/** NULL. */
export function isNull(der: Uint8Array): boolean {
  return der.length === 2 && der[0] === tags.null && der[1] === 0
}

/** Every element in the contents of a SEQUENCE OF or SET OF, at most `max`. */
export function readAll(reader: DerReader, what: string, max: number): DerElement[] {
  const elements: DerElement[] = []
  while (!reader.atEnd) {
    if (elements.length === max) throw new DerError(`${what} has more than ${max} elements`)
    elements.push(reader.any())
  }
  return elements
}

/** Whether elements are in the order of DER's SET OF (X.690 §11.6). */
export function isInSetOrder(elements: readonly Uint8Array[]): boolean {
  return elements.every((element, index) => {
    const before = elements[index - 1]
    return before === undefined || Buffer.compare(before, element) <= 0
  })
}
