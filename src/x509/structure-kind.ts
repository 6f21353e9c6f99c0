/** Recognizes DER structures by their first elements. */
import { contextTag, DerReader, readOnlyNested, tags, type DerElement } from './der/reader.ts'

export type StructureKind =
  | 'certificate'
  | 'request'
  | 'crl'
  | 'ocsp'
  | 'pkcs7'
  | 'pkcs12'
  | 'private key'
  | 'public key'

/**
 * Returns the kind of a DER structure, or undefined if the kind is unknown. Throws DerError unless `der` is exactly one
 * SEQUENCE.
 */
export function structureKind(der: Uint8Array): StructureKind | undefined {
  const reader = readOnlyNested(der, tags.sequence, 'the outermost SEQUENCE')
  const first = reader.any()
  const second = reader.peek()
  switch (first.tag) {
    case tags.enumerated:
      return 'ocsp'
    case tags.oid:
      return 'pkcs7'
    case tags.integer:
      return kindOfVersioned(reader, first)
    case tags.sequence:
      if (second === tags.bitString) return 'public key'
      if (second === tags.octetString) return 'private key'
      return second === tags.sequence ? kindOfSigned(first) : undefined
    default:
      return undefined
  }
}

/**
 * A PFX consists of the version 3 and a ContentInfo (RFC 7292 §4). Any other structure that begins with an INTEGER is a private
 * key.
 */
function kindOfVersioned(reader: DerReader, { content: [version] }: DerElement): StructureKind {
  if (version !== 3 || reader.peek() !== tags.sequence) return 'private key'
  return reader.nested(tags.sequence, 'PFX').peek() === tags.oid ? 'pkcs12' : 'private key'
}

/**
 * A certificate has a version in [0] or a fourth SEQUENCE, and a CRL has a time after its issuer. A CSR has none of these
 * elements.
 */
function kindOfSigned({ content }: DerElement): StructureKind {
  const reader = new DerReader(content, 'the signed SEQUENCE')
  if (reader.peek() === contextTag(0, true)) return 'certificate'
  reader.optional(tags.integer)
  reader.element(tags.sequence)
  reader.optional(tags.sequence)
  const next = reader.peek()
  if (next === tags.utcTime || next === tags.generalizedTime) return 'crl'
  return next === tags.sequence ? 'certificate' : 'request'
}
