/** Additional extensions in a CA's CSR (AWS Private CA API, CsrExtensions). */
import { nonCritical, type Extension } from '../x509/extensions/extensions.ts'
import { enumeration, list, required, structure } from '../wire/shapes/shape.ts'
import { customObjectIdentifier } from './subject.ts'
import type { Encodable } from '../wire/shapes/encode.ts'
import { invalidArgs } from '../errors.ts'
import { oids } from '../x509/der/oid.ts'
import { encodeInfoAccess } from '../x509/extensions/info-access.ts'
import { generalNameOf, requireOid, generalName } from './general-names.ts'
import { keyUsageExtension, keyUsage } from './key-usage.ts'

const accessMethods = {
  CA_REPOSITORY: oids.caRepository,
  RESOURCE_PKI_MANIFEST: oids.rpkiManifest,
  RESOURCE_PKI_NOTIFY: oids.rpkiNotify,
} as const

const accessMethod = structure({
  CustomObjectIdentifier: customObjectIdentifier,
  AccessMethodType: enumeration(Object.keys(accessMethods) as (keyof typeof accessMethods)[]),
})

const accessDescription = structure({
  AccessMethod: required(accessMethod),
  AccessLocation: required(generalName),
})

/** Extensions requested for a CA's CSR. */
export const csrExtensionsShape = structure({
  KeyUsage: keyUsage,
  SubjectInformationAccess: list(accessDescription),
})

export type CsrExtensions = Encodable<typeof csrExtensionsShape>

/** Maximum number of access descriptions, which is far more than any CA needs. */
const accessDescriptionsMax = 100

/**
 * Encodes the CSR extensions in the order of AWS's model. Throws InvalidArgsException unless every choice has exactly one member.
 */
export function csrExtensions({ KeyUsage, SubjectInformationAccess }: CsrExtensions): Extension[] {
  const extensions: Extension[] = []
  if (KeyUsage !== undefined) extensions.push(keyUsageExtension(KeyUsage, 'CsrExtensions.KeyUsage'))
  if (SubjectInformationAccess !== undefined && SubjectInformationAccess.length > 0)
    extensions.push(subjectInfoAccess(SubjectInformationAccess))
  return extensions
}

function subjectInfoAccess(
  requested: NonNullable<CsrExtensions['SubjectInformationAccess']>,
): Extension {
  const path = 'CsrExtensions.SubjectInformationAccess'
  if (requested.length > accessDescriptionsMax)
    throw invalidArgs(`${path} must not have more than ${accessDescriptionsMax} elements`)
  const descriptions = requested.map(({ AccessMethod, AccessLocation }, index) => ({
    accessMethod: accessMethodOf(AccessMethod, `${path}[${index}].AccessMethod`),
    accessLocation: generalNameOf(AccessLocation, `${path}[${index}].AccessLocation`),
  }))
  return nonCritical(oids.subjectInfoAccess, encodeInfoAccess(descriptions))
}

function accessMethodOf(method: Encodable<typeof accessMethod>, at: string): string {
  const { CustomObjectIdentifier, AccessMethodType } = method
  if ((CustomObjectIdentifier === undefined) === (AccessMethodType === undefined))
    throw invalidArgs(`${at} must have exactly one of CustomObjectIdentifier, AccessMethodType`)
  return AccessMethodType === undefined
    ? requireOid(CustomObjectIdentifier ?? '', `${at}.CustomObjectIdentifier`)
    : accessMethods[AccessMethodType]
}
