/** Reads BIT STRINGs in strict DER (X.690 §8.6, §11.2). */
import { DerError } from './error.ts'
import type { DerElement } from './reader.ts'

/** Checks that the number of unused bits is valid and that all unused bits are zero. Throws DerError otherwise. */
export function requireBitString({ content }: DerElement, label: string): void {
  const unused = content[0]
  if (unused === undefined) throw new DerError(`${label} is an empty BIT STRING`)
  if (unused > 7 || (content.length === 1 && unused > 0))
    throw new DerError(`${label} is a BIT STRING with ${unused} unused bits`)
  if (((content.at(-1) ?? 0) & ((1 << unused) - 1)) !== 0 && content.length > 1)
    throw new DerError(`${label} is a BIT STRING with unused bits that are set`)
}

/**
 * Reads a BIT STRING with named bits. Returns the numbers of the set bits, in ascending order. Throws DerError if there are
 * trailing zero bits (X.690 §11.2.2), or bits without a name (after the first `bitsMax`).
 */
export function readNamedBits(element: DerElement, label: string, bitsMax: number): number[] {
  requireBitString(element, label)
  const bytes = element.content.subarray(1)
  const length = bytes.length * 8 - (element.content[0] ?? 0)
  if (length > bitsMax) throw new DerError(`${label} has undefined bits`)
  const bits: number[] = []
  for (let bit = 0; bit < length; bit += 1)
    if (((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0) bits.push(bit)
  if (length > 0 && bits.at(-1) !== length - 1)
    throw new DerError(`${label} has trailing zero bits, which DER omits`)
  return bits
}
