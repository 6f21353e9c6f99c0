/** Certificate fields for searches and lists: subject, alternative names and notBefore. */
import { DerError } from '../x509/der/error.ts'
import { contextTag, DerReader, tags } from '../x509/der/reader.ts'
import { parseGeneralNames, type GeneralName } from '../x509/names/general-name.ts'
import { parseTextsOf } from '../x509/names/name.ts'
import { nameTextOf } from '../x509/names/name-text.ts'
import { parseNamedParts, type NamedParts } from '../x509/certificate-parts.ts'
import { decodeOid, encodeOid, oids } from '../x509/der/oid.ts'
import { decodeString } from '../x509/der/strings.ts'
import { readTime } from '../x509/der/time.ts'
import { formatIpAddress } from '../text/ip-address.ts'

interface SearchedNames {
  readonly commonNames: readonly string[]
  /** Text of each alternative name, whatever its type. A name without a text form is written as `#` and hexadecimal digits. */
  readonly alternativeNames: readonly string[]
}

export interface CertificateNames extends SearchedNames {
  readonly notBefore: Date | undefined
  /** Subject as a string (RFC 2253), empty for an empty name. */
  readonly subject: string
}

const commonName = encodeOid(oids.commonName)

const nothing: CertificateNames = {
  notBefore: undefined,
  subject: '',
  commonNames: [],
  alternativeNames: [],
}

/** Reads only the names by which a certificate is searched. */
export function readSearchedNames(certificateDer: Uint8Array): SearchedNames {
  return unlessDamaged(() => searchedNamesOf(parseNamedParts(certificateDer))) ?? nothing
}

function searchedNamesOf({ subjectDer, subjectAltName }: NamedParts): SearchedNames {
  return {
    commonNames: parseTextsOf(commonName, subjectDer),
    alternativeNames: unlessDamaged(() => alternativeNamesOf(subjectAltName)) ?? [],
  }
}

/**
 * Reads the names of a stored certificate. Returns no names for an unreadable certificate. Only a server without linting can have
 * issued an unreadable certificate.
 */
export function readCertificateNames(certificateDer: Uint8Array): CertificateNames {
  const shown = unlessDamaged(() => {
    const parts = parseNamedParts(certificateDer)
    const notBefore = readTime(parts.validity, 'notBefore')
    return { notBefore, subject: nameTextOf(parts.subjectDer), ...searchedNamesOf(parts) }
  })
  return shown ?? nothing
}

function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}

function alternativeNamesOf(subjectAltName: Uint8Array | undefined): string[] {
  return subjectAltName === undefined ? [] : parseGeneralNames(subjectAltName).map(generalNameText)
}

function generalNameText({ kind, content }: GeneralName): string {
  switch (kind) {
    case 'rfc822Name':
    case 'dNSName':
    case 'uniformResourceIdentifier':
      // The buffer is a view of the same bytes, because a copy would take twice as long.
      return Buffer.from(content.buffer, content.byteOffset, content.length).toString('latin1')
    case 'iPAddress':
      return formatIpAddress(content)
    case 'directoryName':
      return nameTextOf(content)
    case 'registeredID':
      return decodeOid(content)
    case 'otherName':
      return otherNameText(content) ?? hexText(content)
    case 'x400Address':
    case 'ediPartyName':
      return hexText(content)
  }
}

/** Returns the value of an otherName if it is a string, such as a user principal name. */
function otherNameText(content: Uint8Array): string | undefined {
  const reader = new DerReader(content, 'otherName')
  reader.element(tags.oid)
  return decodeString(reader.nested(contextTag(0, true), 'value of otherName').any())
}

function hexText(content: Uint8Array): string {
  return `#${Buffer.from(content).toString('hex')}`
}
