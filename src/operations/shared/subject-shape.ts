/** ASN1Subject and the shapes in it (AWS Private CA API, ASN1Subject). */
import { list, required, string, structure } from '../../wire/shapes/shape.ts'

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
