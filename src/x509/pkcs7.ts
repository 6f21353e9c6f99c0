/** Writes certs-only messages: SignedData structures without signatures (RFC 5652 §5.1, RFC 5272 §4.1, RFC 7030 §4.1.3). */
import { encodeOidElement } from './der/oid.ts'
import { contextTag } from './der/reader.ts'
import { encodeElement, encodeSequence, encodeSetOf, encodeSmallInteger } from './der/writer.ts'

const dataOid = '1.2.840.113549.1.7.1'
const signedDataOid = '1.2.840.113549.1.7.2'

/** Encodes a ContentInfo that contains certificates. The order of the certificates has no meaning, because DER sorts a SET. */
export function encodeCertsOnly(certificates: readonly Uint8Array[]): Uint8Array {
  const sorted = certificates.toSorted((a, b) => Buffer.compare(a, b))
  const signedData = encodeSequence(
    encodeSmallInteger(1),
    encodeSetOf([]),
    encodeSequence(encodeOidElement(dataOid)),
    encodeElement(contextTag(0, true), ...sorted),
    encodeSetOf([]),
  )
  return encodeSequence(
    encodeOidElement(signedDataOid),
    encodeElement(contextTag(0, true), signedData),
  )
}
