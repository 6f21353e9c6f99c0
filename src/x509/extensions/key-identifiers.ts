/** subjectKeyIdentifier and authorityKeyIdentifier (RFC 5280 §4.2.1.2, §4.2.1.1). */
import { DerError } from '../der/error.ts'
import { contextTag, readOnly, readOnlyNested, tags } from '../der/reader.ts'
import { readIntegerBytes } from '../der/values.ts'
import { encodeElement, encodeOctetString, encodeSequence } from '../der/writer.ts'
import { parseGeneralNames, type GeneralName } from '../names/general-name.ts'

const keyIdentifierTag = contextTag(0, false)
const authorityCertIssuerTag = contextTag(1, true)
const authorityCertSerialNumberTag = contextTag(2, false)

export function encodeSubjectKeyIdentifier(keyIdentifier: Uint8Array): Uint8Array {
  return encodeOctetString(keyIdentifier)
}

/** Reads the value of a subjectKeyIdentifier: the identifier. Throws DerError. */
export function parseSubjectKeyIdentifier(value: Uint8Array): Uint8Array {
  return readOnly(value, tags.octetString, 'subjectKeyIdentifier').content
}

/** DER of AuthorityKeyIdentifier with nothing but the keyIdentifier. */
export function encodeAuthorityKeyIdentifier(keyIdentifier: Uint8Array): Uint8Array {
  return encodeSequence(encodeElement(keyIdentifierTag, keyIdentifier))
}

/** Reads the value of an authorityKeyIdentifier: its keyIdentifier, if it has one. Throws DerError. */
export function parseAuthorityKeyIdentifier(value: Uint8Array): Uint8Array | undefined {
  const reader = readOnlyNested(value, tags.sequence, 'authorityKeyIdentifier')
  const identifier = reader.optional(keyIdentifierTag)?.content
  const issuer = reader.optional(authorityCertIssuerTag)
  const serial = reader.optional(authorityCertSerialNumberTag)
  reader.end()
  if ((issuer === undefined) !== (serial === undefined))
    throw new DerError(
      'authorityKeyIdentifier has an issuer without a serial number, or the reverse',
    )
  return identifier
}

/**
 * Reads the authorityCertIssuer of an authorityKeyIdentifier; empty if it has none. Throws DerError, also for a serial
 * number beside it that is not an INTEGER.
 */
export function parseAuthorityCertIssuer(value: Uint8Array): GeneralName[] {
  const reader = readOnlyNested(value, tags.sequence, 'authorityKeyIdentifier')
  reader.optional(keyIdentifierTag)
  const issuer = reader.optional(authorityCertIssuerTag)
  const serial = reader.optional(authorityCertSerialNumberTag)
  if (serial !== undefined) readIntegerBytes(serial, 'authorityCertSerialNumber')
  return issuer === undefined ? [] : parseGeneralNames(encodeSequence(issuer.content))
}
