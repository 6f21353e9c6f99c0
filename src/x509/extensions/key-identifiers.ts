/** The extensions subjectKeyIdentifier and authorityKeyIdentifier (RFC 5280 §4.2.1.2, §4.2.1.1). */
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

/** Reads the key identifier in the value of a subjectKeyIdentifier. Throws DerError if the value is malformed. */
export function parseSubjectKeyIdentifier(value: Uint8Array): Uint8Array {
  return readOnly(value, tags.octetString, 'subjectKeyIdentifier').content
}

/** Encodes an AuthorityKeyIdentifier that contains only the keyIdentifier. */
export function encodeAuthorityKeyIdentifier(keyIdentifier: Uint8Array): Uint8Array {
  return encodeSequence(encodeElement(keyIdentifierTag, keyIdentifier))
}

interface AuthorityKeyIdentifier {
  readonly keyIdentifier: Uint8Array | undefined
  /** Contents of GeneralNames, without the tag and length. */
  readonly authorityCertIssuer: Uint8Array | undefined
}

/**
 * Reads an authorityKeyIdentifier. The authorityCertSerialNumber must be a DER INTEGER. The serial number's sign and length are
 * not checked, because the number belongs to another CA's certificate (docs/reference/compatibility/imports.md, encodings).
 */
function readAuthorityKeyIdentifier(value: Uint8Array): AuthorityKeyIdentifier {
  const reader = readOnlyNested(value, tags.sequence, 'authorityKeyIdentifier')
  const keyIdentifier = reader.optional(keyIdentifierTag)?.content
  const issuer = reader.optional(authorityCertIssuerTag)
  const serial = reader.optional(authorityCertSerialNumberTag)
  reader.end()
  if ((issuer === undefined) !== (serial === undefined))
    throw new DerError(
      'authorityKeyIdentifier must have both authorityCertIssuer and authorityCertSerialNumber, or neither',
    )
  if (serial !== undefined) readIntegerBytes(serial, 'authorityCertSerialNumber')
  return { keyIdentifier, authorityCertIssuer: issuer?.content }
}

/**
 * Reads the keyIdentifier in the value of an authorityKeyIdentifier, and returns undefined if it is absent. Throws DerError if
 * the value is malformed.
 */
export function parseAuthorityKeyIdentifier(value: Uint8Array): Uint8Array | undefined {
  return readAuthorityKeyIdentifier(value).keyIdentifier
}

/**
 * Reads the authorityCertIssuer in the value of an authorityKeyIdentifier, and returns no names if it is absent. Throws
 * DerError if the value is malformed.
 */
export function parseAuthorityCertIssuer(value: Uint8Array): GeneralName[] {
  const { authorityCertIssuer } = readAuthorityKeyIdentifier(value)
  return authorityCertIssuer === undefined
    ? []
    : parseGeneralNames(encodeSequence(authorityCertIssuer))
}
