/** The extensions authorityInfoAccess and subjectInfoAccess, which have the same syntax (RFC 5280 §4.2.2). */
import { readOnlyNested, tags } from '../der/reader.ts'
import { readAll } from '../der/values.ts'
import { encodeSequence } from '../der/writer.ts'
import { encodeGeneralName, parseGeneralNames, type GeneralName } from '../names/general-name.ts'
import { decodeOid, encodeOidElement } from '../der/oid.ts'

export interface AccessDescription {
  /** Dotted object identifier of the access method. */
  readonly accessMethod: string
  readonly accessLocation: GeneralName
}

/** Encodes AuthorityInfoAccessSyntax or SubjectInfoAccessSyntax in the given order. */
export function encodeInfoAccess(descriptions: readonly AccessDescription[]): Uint8Array {
  return encodeSequence(
    ...descriptions.map(({ accessMethod, accessLocation }) =>
      encodeSequence(encodeOidElement(accessMethod), encodeGeneralName(accessLocation)),
    ),
  )
}

/** Maximum number of access descriptions. No certificate in use reaches this number. */
const descriptionsMax = 64

/**
 * Reads the value of authorityInfoAccess or subjectInfoAccess. `label` is the name of the extension in error messages. Throws
 * DerError if the value is malformed.
 */
export function parseInfoAccess(value: Uint8Array, label: string): AccessDescription[] {
  const all = readAll(readOnlyNested(value, tags.sequence, label), label, descriptionsMax)
  return all.flatMap(({ der }) => {
    const reader = readOnlyNested(der, tags.sequence, 'AccessDescription')
    const accessMethod = decodeOid(reader.element(tags.oid).content)
    const names = parseGeneralNames(encodeSequence(reader.any().der))
    reader.end()
    return names.map((accessLocation) => ({ accessMethod, accessLocation }))
  })
}
