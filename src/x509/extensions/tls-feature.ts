/** The TLS feature extension, also known as "must staple" (RFC 7633 §4.1). */
import { DerError } from '../der/error.ts'
import { tags } from '../der/reader.ts'
import { readSmallInteger, readSequenceOf } from '../der/values.ts'

const featuresMax = 64
/** Largest number of a TLS extension, which takes two bytes. */
const featureMax = 0xff_ff

/**
 * Reads the value of the TLS feature extension: the numbers of one or more TLS extensions. Throws DerError if the value is
 * malformed.
 */
export function parseTlsFeatures(value: Uint8Array): number[] {
  return readSequenceOf(value, 'tlsFeature', featuresMax).map((element) => {
    if (element.tag !== tags.integer)
      throw new DerError('tlsFeature has an element that is not an INTEGER')
    return readSmallInteger(element, 'tlsFeature', featureMax)
  })
}
