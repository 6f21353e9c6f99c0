/** Converts AWS's ASN1Subject to a Name (AWS Private CA API, ASN1Subject). */
import { invalidArgs } from '../errors.ts'
import type { Encodable } from '../wire/shapes/encode.ts'
import { list, required, string, structure } from '../wire/shapes/shape.ts'
import { encodeName, type NameAttribute } from '../x509/names/name.ts'
import { isOid, oids } from '../x509/der/oid.ts'

export const customObjectIdentifier = string({
  max: 64,
  pattern: String.raw`([0-2])\.([0-9]|([0-3][0-9]))((\.([0-9]+)){0,126})`,
})

const asn1PrintableString64 = string({ max: 64, pattern: "[a-zA-Z0-9'()+-.?:/= ]*" })
const countryCodeString = string({ min: 2, max: 2, pattern: '[A-Za-z]{2}' })

const customAttribute = structure({
  ObjectIdentifier: required(customObjectIdentifier),
  Value: required(string({ min: 1, max: 256 })),
})

export const asn1Subject = structure({
  Country: countryCodeString,
  Organization: string({ max: 64 }),
  OrganizationalUnit: string({ max: 64 }),
  DistinguishedNameQualifier: asn1PrintableString64,
  State: string({ max: 128 }),
  CommonName: string({ max: 64 }),
  SerialNumber: asn1PrintableString64,
  Locality: string({ max: 128 }),
  Title: string({ max: 64 }),
  Surname: string({ max: 40 }),
  GivenName: string({ max: 16 }),
  Initials: string({ max: 5 }),
  Pseudonym: string({ max: 128 }),
  GenerationQualifier: string({ max: 3 }),
  CustomAttributes: list(customAttribute, { min: 1, max: 150 }),
})

/** A subject name in AWS's form. */
export type Asn1Subject = Encodable<typeof asn1Subject>

/** Subject attributes in the order of AWS's model, which is also the order of the RDNs. */
const standardAttributes = [
  ['Country', oids.countryName],
  ['Organization', oids.organizationName],
  ['OrganizationalUnit', oids.organizationalUnitName],
  ['DistinguishedNameQualifier', oids.dnQualifier],
  ['State', oids.stateOrProvinceName],
  ['CommonName', oids.commonName],
  ['SerialNumber', oids.serialNumber],
  ['Locality', oids.localityName],
  ['Title', oids.title],
  ['Surname', oids.surname],
  ['GivenName', oids.givenName],
  ['Initials', oids.initials],
  ['Pseudonym', oids.pseudonym],
  ['GenerationQualifier', oids.generationQualifier],
] as const

/**
 * Encodes the Name in DER, with one attribute per RDN. `path` identifies the subject in error messages. Throws
 * InvalidArgsException if standard and custom attributes are mixed, if the subject has no attributes, or if a custom attribute
 * has an invalid object identifier.
 */
export function encodeSubject(subject: Asn1Subject, path = 'Subject'): Uint8Array {
  const standard = standardAttributes.flatMap(([member, type]): NameAttribute[] => {
    const value = subject[member]
    return value === undefined || value === '' ? [] : [{ type, value }]
  })
  const custom = (subject.CustomAttributes ?? []).map(({ ObjectIdentifier, Value }) => {
    if (!isOid(ObjectIdentifier))
      throw invalidArgs(
        `'${ObjectIdentifier}' in ${path}.CustomAttributes is not an object identifier.`,
      )
    return { type: ObjectIdentifier, value: Value }
  })
  if (standard.length > 0 && custom.length > 0)
    throw invalidArgs(`${path}.CustomAttributes cannot be combined with standard attributes.`)
  if (standard.length + custom.length === 0)
    throw invalidArgs(`${path} must have at least one attribute.`)
  return encodeName([...standard, ...custom])
}
