/** The extKeyUsage extension (RFC 5280 §4.2.1.12). */
import { DerError } from '../der/error.ts'
import { readOnlyNested, tags } from '../der/reader.ts'
import { encodeSequence } from '../der/writer.ts'
import { decodeOid, encodeOidElement } from '../der/oid.ts'

const purposesMax = 256

/** Encodes ExtKeyUsageSyntax in the given order. `purposes` must contain at least one object identifier. */
export function encodeExtendedKeyUsage(purposes: readonly string[]): Uint8Array {
  return encodeSequence(...purposes.map(encodeOidElement))
}

/** Reads the object identifiers in the value of the extension. Throws DerError if the value is malformed. */
export function parseExtendedKeyUsage(value: Uint8Array): string[] {
  const reader = readOnlyNested(value, tags.sequence, 'extKeyUsage')
  const purposes: string[] = []
  do {
    if (purposes.length === purposesMax) throw new DerError('extKeyUsage has too many purposes')
    purposes.push(decodeOid(reader.element(tags.oid).content))
  } while (!reader.atEnd)
  return purposes
}
