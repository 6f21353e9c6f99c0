/**
 * Reads the parts of certificates that listings and searches display (RFC 5280 §4.1). A search reads millions of certificates, so
 * all other elements are skipped instead of being parsed.
 */
import { encodeOid, oids } from './der/oid.ts'
import { versionTag, extensionsTag, issuerUniqueIdTag, subjectUniqueIdTag } from './certificate.ts'
import { DerError } from './der/error.ts'
import { readOnlyNested, tags, type DerReader } from './der/reader.ts'

export interface CertificateSummary {
  /** Time in UTC, in the form `2026-03-01T08:15:30`. */
  readonly notBefore: string
  readonly notAfter: string
  /** Name of the subject, in DER. */
  readonly subjectDer: Uint8Array
}

/**
 * Reads a certificate that the server itself issued. Throws DerError if the certificate is malformed before the end of its
 * subject.
 */
export function parseCertificateSummary(der: Uint8Array): CertificateSummary {
  const tbs = readToValidity(der)
  const validity = tbs.nested(tags.sequence, 'Validity')
  const notBefore = readTimeText(validity)
  const notAfter = readTimeText(validity)
  return { notBefore, notAfter, subjectDer: tbs.element(tags.sequence).der }
}

/** Returns a reader for the TBSCertificate, which is positioned at the Validity field. */
function readToValidity(der: Uint8Array): DerReader {
  const certificate = readOnlyNested(der, tags.sequence, 'Certificate')
  const tbs = certificate.nested(tags.sequence, 'TBSCertificate')
  tbs.optional(versionTag)
  // serialNumber, signature, issuer
  for (const tag of [tags.integer, tags.sequence, tags.sequence]) tbs.element(tag)
  return tbs
}

/** Reads the next element, which must be a UTCTime or a GeneralizedTime (RFC 5280 §4.1.2.5). */
function readTimeText(reader: DerReader): string {
  const isUtc = reader.peek() === tags.utcTime
  const { content } = reader.element(isUtc ? tags.utcTime : tags.generalizedTime)
  const text = Buffer.from(content.buffer, content.byteOffset, content.length).toString('latin1')
  const full = isUtc ? `${text < '50' ? '20' : '19'}${text}` : text
  if (full.length !== 15) throw new DerError('notBefore or notAfter has the wrong length')
  return (
    `${full.slice(0, 4)}-${full.slice(4, 6)}-${full.slice(6, 8)}` +
    `T${full.slice(8, 10)}:${full.slice(10, 12)}:${full.slice(12, 14)}`
  )
}

/** The parts of a certificate that a search compares and returns. */
export interface NamedParts {
  /** A reader at notBefore. Only callers that display the time need to parse it. */
  readonly validity: DerReader
  /** Name of the subject, in DER. */
  readonly subjectDer: Uint8Array
  /** Value of the extension (DER of GeneralNames); undefined if the certificate does not have the extension. */
  readonly subjectAltName: Uint8Array | undefined
}

const subjectAltName = encodeOid(oids.subjectAltName)

/** Reads a certificate that the server itself issued. Throws DerError if a part that the search needs is malformed. */
export function parseNamedParts(der: Uint8Array): NamedParts {
  const tbs = readToValidity(der)
  const validity = tbs.nested(tags.sequence, 'Validity')
  const subjectDer = tbs.element(tags.sequence).der
  // subjectPublicKeyInfo
  tbs.element(tags.sequence)
  for (const tag of [issuerUniqueIdTag, subjectUniqueIdTag]) tbs.optional(tag)
  return { validity, subjectDer, subjectAltName: readSubjectAltName(tbs) }
}

function readSubjectAltName(tbs: DerReader): Uint8Array | undefined {
  if (tbs.atEnd) return undefined
  const extensions = tbs.nested(extensionsTag, 'extensions').nested(tags.sequence, 'Extensions')
  while (!extensions.atEnd) {
    const extension = extensions.nested(tags.sequence, 'Extension')
    if (!extension.element(tags.oid).contains(subjectAltName)) continue
    extension.optional(tags.boolean)
    return extension.element(tags.octetString).content
  }
  return undefined
}
