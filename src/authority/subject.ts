/** ASN1Subject, as callers write a CA's name, and the Name made of it (AWS Private CA API, ASN1Subject). */
import { ServiceError } from '../errors.ts'
import { encodeName, type NameAttribute } from '../x509/names/name.ts'
import { isOid, oids } from '../x509/der/oid.ts'

/** A name in AWS's form. */
export interface Asn1Subject {
  readonly Country?: string
  readonly Organization?: string
  readonly OrganizationalUnit?: string
  readonly DistinguishedNameQualifier?: string
  readonly State?: string
  readonly CommonName?: string
  readonly SerialNumber?: string
  readonly Locality?: string
  readonly Title?: string
  readonly Surname?: string
  readonly GivenName?: string
  readonly Initials?: string
  readonly Pseudonym?: string
  readonly GenerationQualifier?: string
  readonly CustomAttributes?: readonly {
    readonly ObjectIdentifier: string
    readonly Value: string
  }[]
}

/** Order of the RDNs: that of AWS's model. */
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
 * DER of the Name, one attribute an RDN; `path` names it in messages. Throws InvalidArgsException when standard and
 * custom attributes are mixed, when there is none at all, or when a custom one is not an object identifier.
 */
export function encodeSubject(subject: Asn1Subject, path = 'Subject'): Uint8Array {
  const standard = standardAttributes.flatMap(([member, type]): NameAttribute[] => {
    const value = subject[member]
    return value === undefined || value === '' ? [] : [{ type, value }]
  })
  const custom = (subject.CustomAttributes ?? []).map(({ ObjectIdentifier, Value }) => {
    if (!isOid(ObjectIdentifier))
      throw invalid(
        `'${ObjectIdentifier}' in ${path}.CustomAttributes is not an object identifier.`,
      )
    return { type: ObjectIdentifier, value: Value }
  })
  if (standard.length > 0 && custom.length > 0)
    throw invalid(`${path}.CustomAttributes cannot be combined with standard attributes.`)
  if (standard.length + custom.length === 0)
    throw invalid(`${path} must have at least one attribute.`)
  return encodeName([...standard, ...custom])
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgsException', message)
}
