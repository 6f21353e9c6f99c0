/**
 * Encoders for certificate extensions that Signet only parses, because they occur in CSRs and certificates from other software.
 */
import { contextTag, tags } from '../../src/x509/der/reader.ts'
import { encodeGeneralizedTime } from '../../src/x509/der/time.ts'
import { encodeOidElement } from '../../src/x509/der/oid.ts'
import {
  encodeElement,
  encodeOctetString,
  encodeSequence,
  encodeSetOf,
  encodeSmallInteger,
} from '../../src/x509/der/writer.ts'
import type { MicrosoftTemplate } from '../../src/x509/extensions/microsoft-extensions.ts'
import type {
  PolicyConstraints,
  PolicyMapping,
} from '../../src/x509/extensions/policy-extensions.ts'
import type { PrivateKeyUsagePeriod } from '../../src/x509/extensions/private-key-usage-period.ts'
import type { SignedCertificateTimestamp } from '../../src/x509/extensions/signed-certificate-timestamps.ts'
import type { DirectoryAttribute } from '../../src/x509/extensions/subject-directory-attributes.ts'

/** Encodes PolicyMappings in DER, in the given order. */
export function encodePolicyMappings(mappings: readonly PolicyMapping[]): Uint8Array {
  return encodeSequence(
    ...mappings.map(({ issuerDomainPolicy, subjectDomainPolicy }) =>
      encodeSequence(encodeOidElement(issuerDomainPolicy), encodeOidElement(subjectDomainPolicy)),
    ),
  )
}

/** Encodes PolicyConstraints in DER. */
export function encodePolicyConstraints(constraints: PolicyConstraints): Uint8Array {
  const { requireExplicitPolicy, inhibitPolicyMapping } = constraints
  return encodeSequence(
    ...skipCerts(contextTag(0, false), requireExplicitPolicy),
    ...skipCerts(contextTag(1, false), inhibitPolicyMapping),
  )
}

/** Encodes an IMPLICIT INTEGER: the contents of an INTEGER with another tag. */
function skipCerts(tag: number, value: number | undefined): Uint8Array[] {
  return value === undefined ? [] : [encodeElement(tag, encodeSmallInteger(value).subarray(2))]
}

/** Encodes InhibitAnyPolicy in DER. */
export function encodeInhibitAnyPolicy(skipCertsCount: number): Uint8Array {
  return encodeSmallInteger(skipCertsCount)
}

/** Encodes PrivateKeyUsagePeriod in DER. Throws RangeError for a year before 1950 or after 9999. */
export function encodePrivateKeyUsagePeriod({
  notBefore,
  notAfter,
}: PrivateKeyUsagePeriod): Uint8Array {
  return encodeSequence(
    ...time(contextTag(0, false), notBefore),
    ...time(contextTag(1, false), notAfter),
  )
}

/** Encodes an IMPLICIT GeneralizedTime: the contents of a GeneralizedTime with another tag. */
function time(tag: number, date: Date | undefined): Uint8Array[] {
  return date === undefined ? [] : [encodeElement(tag, encodeGeneralizedTime(date).subarray(2))]
}

/** Encodes the value of a SignedCertificateTimestampList in DER, in the given order. */
export function encodeTimestampList(timestamps: readonly SignedCertificateTimestamp[]): Uint8Array {
  return encodeOctetString(vector(...timestamps.map((each) => vector(...timestampParts(each)))))
}

function timestampParts(timestamp: SignedCertificateTimestamp): Uint8Array[] {
  const milliseconds = Buffer.alloc(8)
  milliseconds.writeBigUInt64BE(timestamp.timestamp)
  return [
    Uint8Array.of(0),
    timestamp.logId,
    milliseconds,
    vector(timestamp.extensions),
    Uint8Array.of(timestamp.hashAlgorithm, timestamp.signatureAlgorithm),
    vector(timestamp.signature),
  ]
}

function vector(...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts)
  return Buffer.concat([Uint8Array.of(content.length >> 8, content.length & 0xff), content])
}

/** Encodes TLS Features (numbers of TLS extensions) in DER, in the given order. */
export function encodeTlsFeatures(features: readonly number[]): Uint8Array {
  return encodeSequence(...features.map(encodeSmallInteger))
}

/** Encodes SubjectDirectoryAttributes in DER. The values of each attribute are sorted by their bytes. */
export function encodeDirectoryAttributes(attributes: readonly DirectoryAttribute[]): Uint8Array {
  return encodeSequence(
    ...attributes.map(({ type, values }) =>
      encodeSequence(encodeOidElement(type), encodeSetOf(values)),
    ),
  )
}

/** Encodes the value of szOID_CERTIFICATE_TEMPLATE in DER. */
export function encodeMicrosoftTemplate(template: MicrosoftTemplate): Uint8Array {
  const { templateId, majorVersion, minorVersion } = template
  return encodeSequence(
    encodeOidElement(templateId),
    ...[majorVersion, minorVersion].flatMap((version) =>
      version === undefined ? [] : [encodeSmallInteger(version)],
    ),
  )
}

/** Encodes the value of szOID_ENROLL_CERTTYPE_EXTENSION in DER. */
export function encodeMicrosoftTemplateName(name: string): Uint8Array {
  return encodeElement(tags.bmpString, Buffer.from(name, 'utf16le').swap16())
}
