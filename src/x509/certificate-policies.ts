/** certificatePolicies (RFC 5280 §4.2.1.4), with CPS qualifiers. */
import { DerError } from './der-error.ts'
import { readOnlyNested, tags } from './der-reader.ts'
import { encodeElement, encodeSequence } from './der-writer.ts'
import { decodeOid, encodeOidElement, oids } from './oid.ts'
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

const policiesMax = 256

/** Reads the value of the extension: the policy identifiers, at least one. Throws DerError; qualifiers are not read. */
export function parsePolicyIdentifiers(value: Uint8Array): string[] {
  const reader = readOnlyNested(value, tags.sequence, 'certificatePolicies')
  const identifiers: string[] = []
  do {
    if (identifiers.length === policiesMax)
      throw new DerError(`certificatePolicies has more than ${policiesMax} policies`)
    const policy = reader.nested(tags.sequence, 'PolicyInformation')
    identifiers.push(decodeOid(policy.element(tags.oid).content))
    if (!policy.atEnd) policy.element(tags.sequence)
    policy.end()
  } while (!reader.atEnd)
  return identifiers
}

function encodeCpsQualifier(uri: string): Uint8Array {
  if (!isAscii(uri)) throw new DerError(`CPS URI '${uri.slice(0, 64)}' is not ASCII`)
  return encodeSequence(
    encodeOidElement(oids.cpsQualifier),
    encodeElement(tags.ia5String, Buffer.from(uri, 'latin1')),
  )
}
