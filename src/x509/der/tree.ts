/**
 * Checks DER of an unknown type. Every element is checked. The contents of elements with a universal tag are also checked
 * (X.690).
 */
import { requireBitString } from './bit-string.ts'
import { DerError } from './error.ts'
import { DerReader, tags, type DerElement } from './reader.ts'
import { readBoolean, readIntegerBytes } from './values.ts'
import { decodeOid } from './oid.ts'
import { decodeString } from './strings.ts'

/** Maximum nesting depth. No structure in use reaches this depth. */
const depthMax = 32
const constructedBit = 0x20
const universalMax = 0x1f

/**
 * Requires that `der` is one element in strict DER, including every nested element. The contents of primitive context-specific
 * elements are not examined, because their type is unknown. The check takes linear time. Throws DerError if `der` is malformed.
 */
export function requireDerTree(der: Uint8Array, label: string): void {
  const reader = new DerReader(der, label)
  requireElement(reader.any(), label, 0)
  reader.end()
}

function requireElement(element: DerElement, label: string, depth: number): void {
  const { tag } = element
  if ((tag & constructedBit) === 0) {
    requirePrimitive(element, label)
    return
  }
  if ((tag & 0xc0) === 0 && tag !== tags.sequence && tag !== tags.set)
    throw new DerError(`${label} has a constructed element with tag 0x${tag.toString(16)}`)
  if (depth === depthMax) throw new DerError(`${label} is nested more than ${depthMax} levels deep`)
  const reader = new DerReader(element.content, label)
  while (!reader.atEnd) requireElement(reader.any(), label, depth + 1)
}

function requirePrimitive(element: DerElement, label: string): void {
  switch (element.tag) {
    case tags.boolean:
      readBoolean(element, label)
      return
    case tags.integer:
    case tags.enumerated:
      readIntegerBytes(element, label)
      return
    case tags.bitString:
      requireBitString(element, label)
      return
    case tags.null:
      if (element.content.length > 0) throw new DerError(`${label} has a NULL with contents`)
      return
    case tags.oid:
      decodeOid(element.content)
      return
    case 0x00:
    case tags.sequence & universalMax:
    case tags.set & universalMax:
      throw new DerError(`${label} has a primitive element with tag 0x${element.tag.toString(16)}`)
    default:
      decodeString(element)
  }
}
