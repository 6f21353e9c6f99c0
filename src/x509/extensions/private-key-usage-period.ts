/** The privateKeyUsagePeriod extension (RFC 3280 §4.2.1.4), which RFC 5280 omits. */
import { DerError } from '../der/error.ts'
import { contextTag, DerReader, readOnlyNested, tags, type DerElement } from '../der/reader.ts'
import { encodeElement } from '../der/writer.ts'
import { readTime } from '../der/time.ts'

/** A period that has a start, an end or both. */
export interface PrivateKeyUsagePeriod {
  readonly notBefore: Date | undefined
  readonly notAfter: Date | undefined
}

const notBeforeTag = contextTag(0, false)
const notAfterTag = contextTag(1, false)

/**
 * Reads the value of the privateKeyUsagePeriod extension. Throws DerError if the value is malformed or contains neither a start
 * nor an end.
 */
export function parsePrivateKeyUsagePeriod(value: Uint8Array): PrivateKeyUsagePeriod {
  const label = 'privateKeyUsagePeriod'
  const reader = readOnlyNested(value, tags.sequence, label)
  const notBefore = readImplicitTime(reader.optional(notBeforeTag), 'notBefore')
  const notAfter = readImplicitTime(reader.optional(notAfterTag), 'notAfter')
  reader.end()
  if (notBefore === undefined && notAfter === undefined) throw new DerError(`${label} is empty`)
  return { notBefore, notAfter }
}

function readImplicitTime(element: DerElement | undefined, label: string): Date | undefined {
  if (element === undefined) return undefined
  const explicit = encodeElement(tags.generalizedTime, element.content)
  return readTime(new DerReader(explicit, label), `${label} of privateKeyUsagePeriod`)
}
