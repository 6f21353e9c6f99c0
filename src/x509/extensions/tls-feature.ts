/** The TLS feature extension, known as "must staple" (RFC 7633 §4.1). */
import { DerError } from '../der/error.ts'
import { readOnlyNested, tags } from '../der/reader.ts'
import { readAll, readSmallInteger } from '../der/values.ts'

const featuresMax = 64
/** TLS numbers its extensions with two octets. */
const featureMax = 0xff_ff

/** Reads the value of the extension: numbers of TLS extensions, at least one. Throws DerError. */
export function parseTlsFeatures(value: Uint8Array): number[] {
  const label = 'tlsFeature'
  const elements = readAll(readOnlyNested(value, tags.sequence, label), label, featuresMax)
  if (elements.length === 0) throw new DerError(`${label} is empty`)
  return elements.map((element) => {
    if (element.tag !== tags.integer)
      throw new DerError(`${label} has an element that is not an INTEGER`)
    return readSmallInteger(element, label, featureMax)
  })
}
