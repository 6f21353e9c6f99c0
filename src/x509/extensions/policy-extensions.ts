/** The extensions policyMappings, policyConstraints and inhibitAnyPolicy (RFC 5280 §4.2.1.5, §4.2.1.11, §4.2.1.14). */
import { DerError } from '../der/error.ts'
import { contextTag, readOnly, readOnlyNested, tags, type DerElement } from '../der/reader.ts'
import { readSmallInteger, readSequenceOf } from '../der/values.ts'
import { decodeOid } from '../der/oid.ts'

/** A mapping between two policies, as dotted object identifiers. */
export interface PolicyMapping {
  readonly issuerDomainPolicy: string
  readonly subjectDomainPolicy: string
}

/** Number of certificates in the path after which each constraint applies. At least one number is present. */
export interface PolicyConstraints {
  readonly requireExplicitPolicy: number | undefined
  readonly inhibitPolicyMapping: number | undefined
}

const mappingsMax = 256
const skipCertsMax = 2 ** 31 - 1
const requireExplicitPolicyTag = contextTag(0, false)
const inhibitPolicyMappingTag = contextTag(1, false)

/** Reads the value of policyMappings, which must contain at least one mapping. Throws DerError if the value is malformed. */
export function parsePolicyMappings(value: Uint8Array): PolicyMapping[] {
  return readSequenceOf(value, 'policyMappings', mappingsMax).map(({ der }) => {
    const reader = readOnlyNested(der, tags.sequence, 'PolicyMapping')
    const issuerDomainPolicy = decodeOid(reader.element(tags.oid).content)
    const subjectDomainPolicy = decodeOid(reader.element(tags.oid).content)
    reader.end()
    return { issuerDomainPolicy, subjectDomainPolicy }
  })
}

/** Reads the value of policyConstraints. Throws DerError if the value is malformed or the sequence is empty. */
export function parsePolicyConstraints(value: Uint8Array): PolicyConstraints {
  const reader = readOnlyNested(value, tags.sequence, 'policyConstraints')
  const explicit = reader.optional(requireExplicitPolicyTag)
  const mapping = reader.optional(inhibitPolicyMappingTag)
  reader.end()
  if (explicit === undefined && mapping === undefined)
    throw new DerError('policyConstraints is empty')
  return {
    requireExplicitPolicy: readSkipCerts(explicit, 'requireExplicitPolicy'),
    inhibitPolicyMapping: readSkipCerts(mapping, 'inhibitPolicyMapping'),
  }
}

function readSkipCerts(element: DerElement | undefined, label: string): number | undefined {
  return element === undefined ? undefined : readSmallInteger(element, label, skipCertsMax)
}

/** Reads the number of certificates in the value of inhibitAnyPolicy. Throws DerError if the value is malformed. */
export function parseInhibitAnyPolicy(value: Uint8Array): number {
  const label = 'inhibitAnyPolicy'
  return readSmallInteger(readOnly(value, tags.integer, label), label, skipCertsMax)
}
