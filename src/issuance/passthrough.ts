/** ApiPassthrough: what a caller wants in a certificate instead of what its CSR says (AWS Private CA API). */
import { generalNameOf, requireOid, type RequestedGeneralName } from '../authority/general-names.ts'
import { keyUsageExtension, type RequestedKeyUsage } from '../authority/key-usage.ts'
import { encodeSubject, type Asn1Subject } from '../authority/subject.ts'
import { ServiceError } from '../errors.ts'
import { encodeCertificatePolicies } from '../x509/extensions/certificate-policies.ts'
import { DerError } from '../x509/der/error.ts'
import { DerReader } from '../x509/der/reader.ts'
import { encodeExtendedKeyUsage } from '../x509/extensions/extended-key-usage.ts'
import type { Extension } from '../x509/extensions/extensions.ts'
import { encodeGeneralNames, parseGeneralNames } from '../x509/names/general-name.ts'
import { parseName, type Name } from '../x509/names/name.ts'
import { oidName, oids } from '../x509/der/oid.ts'

interface RequestedExtendedKeyUsage {
  readonly ExtendedKeyUsageType?: keyof typeof purposeOf
  readonly ExtendedKeyUsageObjectIdentifier?: string
}

export interface ApiPassthrough {
  readonly Subject?: Asn1Subject
  readonly Extensions?: {
    readonly CertificatePolicies?: readonly {
      readonly CertPolicyId: string
      readonly PolicyQualifiers?: readonly { readonly Qualifier: { readonly CpsUri: string } }[]
    }[]
    readonly ExtendedKeyUsage?: readonly RequestedExtendedKeyUsage[]
    readonly KeyUsage?: RequestedKeyUsage
    readonly SubjectAlternativeNames?: readonly RequestedGeneralName[]
    readonly CustomExtensions?: readonly {
      readonly ObjectIdentifier: string
      readonly Value: string
      readonly Critical?: boolean
    }[]
  }
}

/** What the caller gave, encoded. */
export interface Passthrough {
  /** Replaces the subject of the CSR. */
  readonly subject: Name | undefined
  /** One of each kind; the SAN is not critical yet. */
  readonly extensions: readonly Extension[]
}

export const noPassthrough: Passthrough = { subject: undefined, extensions: [] }

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

/**
 * Encodes ApiPassthrough. Throws InvalidArgsException for a choice that is not exactly one, a value that its kind
 * cannot hold, or an extension that is given twice.
 */
export function encodePassthrough({ Subject, Extensions = {} }: ApiPassthrough): Passthrough {
  const { KeyUsage, ExtendedKeyUsage, SubjectAlternativeNames, CertificatePolicies } = Extensions
  const extensions: Extension[] = []
  if (KeyUsage !== undefined) extensions.push(keyUsageExtension(KeyUsage, path('KeyUsage')))
  if (ExtendedKeyUsage !== undefined) extensions.push(extendedKeyUsage(ExtendedKeyUsage))
  if (SubjectAlternativeNames !== undefined)
    extensions.push(subjectAlternativeName(SubjectAlternativeNames))
  if (CertificatePolicies !== undefined) extensions.push(certificatePolicies(CertificatePolicies))
  for (const [index, custom] of (Extensions.CustomExtensions ?? []).entries())
    extensions.push(customExtension(custom, `${path('CustomExtensions')}[${index}]`))
  requireDistinct(extensions)
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

function extendedKeyUsage(requested: readonly RequestedExtendedKeyUsage[]): Extension {
  const purposes = requested.map((usage, index) => {
    const at = `${path('ExtendedKeyUsage')}[${index}]`
    const { ExtendedKeyUsageType, ExtendedKeyUsageObjectIdentifier } = usage
    if ((ExtendedKeyUsageType === undefined) === (ExtendedKeyUsageObjectIdentifier === undefined))
      throw invalid(
        `${at} must have exactly one of ExtendedKeyUsageType, ExtendedKeyUsageObjectIdentifier`,
      )
    return ExtendedKeyUsageType === undefined
      ? requireOid(ExtendedKeyUsageObjectIdentifier ?? '', at)
      : purposeOf[ExtendedKeyUsageType]
  })
  return { oid: oids.extendedKeyUsage, critical: false, value: encodeExtendedKeyUsage(purposes) }
}

function subjectAlternativeName(requested: readonly RequestedGeneralName[]): Extension {
  const at = path('SubjectAlternativeNames')
  const names = requested.map((name, index) => generalNameOf(name, `${at}[${index}]`))
  return {
    oid: oids.subjectAltName,
    critical: false,
    value: encoded(() => encodeGeneralNames(names), at),
  }
}

/** A policy must not be there twice (RFC 5280 §4.2.1.4). */
function certificatePolicies(
  requested: NonNullable<NonNullable<ApiPassthrough['Extensions']>['CertificatePolicies']>,
): Extension {
  const at = path('CertificatePolicies')
  const policies = requested.map(({ CertPolicyId, PolicyQualifiers = [] }, index) => ({
    policyIdentifier: requireOid(CertPolicyId, `${at}[${index}].CertPolicyId`),
    cpsUris: PolicyQualifiers.map(({ Qualifier }) => Qualifier.CpsUri),
  }))
  const seen = new Set<string>()
  for (const { policyIdentifier } of policies) {
    if (seen.has(policyIdentifier)) throw invalid(`${at} gives policy ${policyIdentifier} twice`)
    seen.add(policyIdentifier)
  }
  const value = encoded(() => encodeCertificatePolicies(policies), at)
  return { oid: oids.certificatePolicies, critical: false, value }
}

function customExtension(
  custom: {
    readonly ObjectIdentifier: string
    readonly Value: string
    readonly Critical?: boolean
  },
  at: string,
): Extension {
  const oid = requireOid(custom.ObjectIdentifier, `${at}.ObjectIdentifier`)
  const value = Buffer.from(custom.Value, 'base64')
  encoded(() => requireOneElement(value), `${at}.Value`)
  // Name constraints must be able to read it.
  if (oid === oids.subjectAltName) encoded(() => parseGeneralNames(value), `${at}.Value`)
  return { oid, critical: custom.Critical ?? false, value }
}

/** extnValue holds the DER of one value (RFC 5280 §4.1.2.9). */
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
    throw invalid(`${at} cannot be encoded: ${error.message}`, error)
  }
}

function requireDistinct(extensions: readonly Extension[]): void {
  const seen = new Set<string>()
  for (const { oid } of extensions) {
    if (seen.has(oid))
      throw invalid(`ApiPassthrough.Extensions gives extension ${oidName(oid)} more than once`)
    seen.add(oid)
  }
}

function invalid(message: string, cause?: unknown): ServiceError {
  return new ServiceError('InvalidArgsException', message, { cause })
}
