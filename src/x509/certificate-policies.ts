/** certificatePolicies (RFC 5280 §4.2.1.4), with CPS qualifiers. */
import { DerError } from './der-error.ts'
import { tags } from './der-reader.ts'
import { encodeElement, encodeSequence } from './der-writer.ts'
import { encodeOidElement, oids } from './oid.ts'
import { isAscii } from './strings.ts'

export interface PolicyInformation {
  /** Object identifier, dotted. */
  readonly policyIdentifier: string
  /** URIs of certification practice statements. */
  readonly cpsUris: readonly string[]
}

/** DER of certificatePolicies, in the order given. Throws DerError for a URI that is not ASCII. */
export function encodeCertificatePolicies(policies: readonly PolicyInformation[]): Uint8Array {
  return encodeSequence(
    ...policies.map(({ policyIdentifier, cpsUris }) =>
      encodeSequence(
        encodeOidElement(policyIdentifier),
        ...(cpsUris.length === 0 ? [] : [encodeSequence(...cpsUris.map(encodeCpsQualifier))]),
      ),
    ),
  )
}

function encodeCpsQualifier(uri: string): Uint8Array {
  if (!isAscii(uri)) throw new DerError(`CPS URI '${uri.slice(0, 64)}' is not ASCII`)
  return encodeSequence(
    encodeOidElement(oids.cpsQualifier),
    encodeElement(tags.ia5String, Buffer.from(uri, 'latin1')),
  )
}
