/** ApiPassthrough: a subject and extensions that replace those in the CSR (AWS Private CA API, ApiPassthrough). */
import { nonCritical, type Extension } from '../x509/extensions/extensions.ts'
import { enumeration, list, required, structure, boolean, string } from '../wire/shapes/shape.ts'
import type { Encodable } from '../wire/shapes/encode.ts'
import {
  generalNameOf,
  requireOid,
  type RequestedGeneralName,
  generalName,
  string256,
} from '../authority/general-names.ts'
import { keyUsageExtension, keyUsage } from '../authority/key-usage.ts'
import { encodeSubject, asn1Subject, customObjectIdentifier } from '../authority/subject.ts'
import { invalidArgs } from '../errors.ts'
import { encodeCertificatePolicies } from '../x509/extensions/certificate-policies.ts'
import { DerError } from '../x509/der/error.ts'
import { DerReader } from '../x509/der/reader.ts'
import { encodeExtendedKeyUsage } from '../x509/extensions/extended-key-usage.ts'
import { encodeGeneralNames, parseGeneralNames } from '../x509/names/general-name.ts'
import { parseName, type Name } from '../x509/names/name.ts'
import { oidName, oids } from '../x509/der/oid.ts'

const purposeOf = {
  SERVER_AUTH: oids.serverAuth,
  CLIENT_AUTH: oids.clientAuth,
  CODE_SIGNING: oids.codeSigning,
  EMAIL_PROTECTION: oids.emailProtection,
  TIME_STAMPING: oids.timeStamping,
  OCSP_SIGNING: oids.ocspSigning,
  SMART_CARD_LOGIN: oids.smartCardLogin,
  DOCUMENT_SIGNING: oids.documentSigning,
  CERTIFICATE_TRANSPARENCY: oids.certificateTransparency,
} as const

const policyQualifierInfo = structure({
  PolicyQualifierId: required(enumeration(['CPS'])),
  Qualifier: required(structure({ CpsUri: required(string256) })),
})

const policyInformation = structure({
  CertPolicyId: required(customObjectIdentifier),
  PolicyQualifiers: list(policyQualifierInfo, { min: 1, max: 20 }),
})

const extendedKeyUsage = structure({
  ExtendedKeyUsageType: enumeration(Object.keys(purposeOf) as (keyof typeof purposeOf)[]),
  ExtendedKeyUsageObjectIdentifier: customObjectIdentifier,
})

const base64String1To4096 = string({
  min: 1,
  max: 4096,
  pattern: '(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?',
})

const customExtension = structure({
  ObjectIdentifier: required(customObjectIdentifier),
  Value: required(base64String1To4096),
  Critical: boolean(),
})

const requestedExtensions = structure({
  CertificatePolicies: list(policyInformation, { min: 1, max: 20 }),
  ExtendedKeyUsage: list(extendedKeyUsage, { min: 1, max: 20 }),
  KeyUsage: keyUsage,
  SubjectAlternativeNames: list(generalName, { min: 1, max: 150 }),
  CustomExtensions: list(customExtension, { min: 1, max: 150 }),
})

/** The ApiPassthrough parameter of IssueCertificate. */
export const apiPassthrough = structure({
  Extensions: requestedExtensions,
  Subject: asn1Subject,
})

export type ApiPassthrough = Encodable<typeof apiPassthrough>

type RequestedExtensions = NonNullable<ApiPassthrough['Extensions']>

/** The encoded subject and extensions. */
export interface Passthrough {
  /** Name that replaces the CSR's subject. */
  readonly subject: Name | undefined
  /** Encoded extensions, at most one of each type. The SAN extension is not marked critical yet. */
  readonly extensions: readonly Extension[]
}

export const noPassthrough: Passthrough = { subject: undefined, extensions: [] }

/**
 * Encodes ApiPassthrough. Throws InvalidArgsException if a choice does not have exactly one member, if a value is invalid, or
 * if an extension occurs twice.
 */
export function encodePassthrough({ Subject, Extensions = {} }: ApiPassthrough): Passthrough {
  const { KeyUsage, ExtendedKeyUsage, SubjectAlternativeNames, CertificatePolicies } = Extensions
  const extensions: Extension[] = []
  if (KeyUsage !== undefined) extensions.push(keyUsageExtension(KeyUsage, path('KeyUsage')))
  if (ExtendedKeyUsage !== undefined) extensions.push(encodeExtendedKeyUsages(ExtendedKeyUsage))
  if (SubjectAlternativeNames !== undefined)
    extensions.push(subjectAlternativeName(SubjectAlternativeNames))
  if (CertificatePolicies !== undefined) extensions.push(certificatePolicies(CertificatePolicies))
  for (const [index, custom] of (Extensions.CustomExtensions ?? []).entries())
    extensions.push(encodeCustomExtension(custom, `${path('CustomExtensions')}[${index}]`))
  const repeated = firstRepeated(extensions.map(({ oid }) => oid))
  if (repeated !== undefined)
    throw invalidArgs(
      `ApiPassthrough.Extensions contains extension ${oidName(repeated)} more than once`,
    )
  return {
    subject:
      Subject === undefined
        ? undefined
        : parseName(encodeSubject(Subject, 'ApiPassthrough.Subject')),
    extensions,
  }
}

function path(member: string): string {
  return `ApiPassthrough.Extensions.${member}`
}

function encodeExtendedKeyUsages(
  requested: NonNullable<RequestedExtensions['ExtendedKeyUsage']>,
): Extension {
  const purposes = requested.map((usage, index) => {
    const at = `${path('ExtendedKeyUsage')}[${index}]`
    const { ExtendedKeyUsageType, ExtendedKeyUsageObjectIdentifier } = usage
    if ((ExtendedKeyUsageType === undefined) === (ExtendedKeyUsageObjectIdentifier === undefined))
      throw invalidArgs(
        `${at} must have exactly one of ExtendedKeyUsageType, ExtendedKeyUsageObjectIdentifier`,
      )
    return ExtendedKeyUsageType === undefined
      ? requireOid(ExtendedKeyUsageObjectIdentifier ?? '', at)
      : purposeOf[ExtendedKeyUsageType]
  })
  return nonCritical(oids.extendedKeyUsage, encodeExtendedKeyUsage(purposes))
}

function subjectAlternativeName(requested: readonly RequestedGeneralName[]): Extension {
  const at = path('SubjectAlternativeNames')
  const names = requested.map((name, index) => generalNameOf(name, `${at}[${index}]`))
  return nonCritical(
    oids.subjectAltName,
    encoded(() => encodeGeneralNames(names), at),
  )
}

/** Encodes certificate policies. A duplicate certificate policy is rejected (RFC 5280 §4.2.1.4). */
function certificatePolicies(
  requested: NonNullable<RequestedExtensions['CertificatePolicies']>,
): Extension {
  const at = path('CertificatePolicies')
  const policies = requested.map(({ CertPolicyId, PolicyQualifiers = [] }, index) => ({
    policyIdentifier: requireOid(CertPolicyId, `${at}[${index}].CertPolicyId`),
    cpsUris: PolicyQualifiers.map(({ Qualifier }) => Qualifier.CpsUri),
  }))
  const repeated = firstRepeated(policies.map(({ policyIdentifier }) => policyIdentifier))
  if (repeated !== undefined) throw invalidArgs(`${at} contains policy ${repeated} twice`)
  return nonCritical(
    oids.certificatePolicies,
    encoded(() => encodeCertificatePolicies(policies), at),
  )
}

function encodeCustomExtension(custom: Encodable<typeof customExtension>, at: string): Extension {
  const oid = requireOid(custom.ObjectIdentifier, `${at}.ObjectIdentifier`)
  const value = Buffer.from(custom.Value, 'base64')
  encoded(() => requireOneElement(value), `${at}.Value`)
  // The name constraints check must be able to parse the extension's value.
  if (oid === oids.subjectAltName) encoded(() => parseGeneralNames(value), `${at}.Value`)
  return { oid, critical: custom.Critical ?? false, value }
}

/** Throws unless a custom extension contains the DER of exactly one value (RFC 5280 §4.1.2.9). */
function requireOneElement(value: Uint8Array): void {
  const reader = new DerReader(value, 'extension')
  reader.any()
  reader.end()
}

function encoded<T>(encode: () => T, at: string): T {
  try {
    return encode()
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw invalidArgs(`${at} cannot be encoded: ${error.message}`, error)
  }
}

function firstRepeated(texts: readonly string[]): string | undefined {
  return texts.find((text, index) => texts.indexOf(text) < index)
}
