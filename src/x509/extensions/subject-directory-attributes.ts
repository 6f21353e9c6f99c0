/** The subjectDirectoryAttributes extension (RFC 5280 §4.2.1.8). */
import { DerError } from '../der/error.ts'
import { readOnlyNested, tags } from '../der/reader.ts'
import { isInSetOrder, readAll, readSequenceOf } from '../der/values.ts'
import { requireDerTree } from '../der/tree.ts'
import { decodeOid } from '../der/oid.ts'

export interface DirectoryAttribute {
  /** Dotted object identifier of the attribute type. */
  readonly type: string
  /** The values of the attribute in DER. The list contains at least one value. */
  readonly values: readonly Uint8Array[]
}

const attributesMax = 64
const valuesMax = 64

/**
 * Reads the value of the extension, which must contain at least one attribute. Each attribute has at least one value, and its
 * values must be sorted by their octets (X.690 §11.6). Throws DerError if the value is malformed.
 */
export function parseDirectoryAttributes(value: Uint8Array): DirectoryAttribute[] {
  return readSequenceOf(value, 'subjectDirectoryAttributes', attributesMax).map(({ der }) => {
    const reader = readOnlyNested(der, tags.sequence, 'Attribute')
    const type = decodeOid(reader.element(tags.oid).content)
    const set = reader.nested(tags.set, 'values of an Attribute')
    reader.end()
    const values = readAll(set, 'values of an Attribute', valuesMax).map((each) => each.der)
    if (values.length === 0)
      throw new DerError('subjectDirectoryAttributes has an attribute without a value')
    if (!isInSetOrder(values))
      throw new DerError('subjectDirectoryAttributes has values that are not in DER order')
    for (const each of values) requireDerTree(each, 'subjectDirectoryAttributes')
    return { type, values }
  })
}
