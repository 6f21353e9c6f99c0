/**
 * What a certificate names (RFC 5280 §4.1), read for each that a search finds: elements that are not asked for are passed
 * over by their lengths, and not looked into.
 */
import { readToValidity } from './certificate-summary.ts'
import { extensionsTag, issuerUniqueIdTag, subjectUniqueIdTag } from './certificate.ts'
import { tags, type DerReader } from './der/reader.ts'
import { parseName, type Name } from './names/name.ts'
import { encodeOid, oids } from './der/oid.ts'
import { readTime } from './der/time.ts'

export interface NamedParts {
  readonly notBefore: Date
  readonly subject: Name
  /** Octets of the extension: DER of GeneralNames. Undefined without it. */
  readonly subjectAltName: Uint8Array | undefined
}

const subjectAltName = encodeOid(oids.subjectAltName)

/** Reads a certificate that this server issued. Throws DerError if it is none in what is looked at. */
export function parseNamedParts(der: Uint8Array): NamedParts {
  const tbs = readToValidity(der)
  const notBefore = readTime(tbs.nested(tags.sequence, 'Validity'), 'notBefore')
  const subject = parseName(tbs.element(tags.sequence).der)
  // subjectPublicKeyInfo
  tbs.element(tags.sequence)
  for (const tag of [issuerUniqueIdTag, subjectUniqueIdTag]) tbs.optional(tag)
  return { notBefore, subject, subjectAltName: readSubjectAltName(tbs) }
}

function readSubjectAltName(tbs: DerReader): Uint8Array | undefined {
  if (tbs.atEnd) return undefined
  const extensions = tbs.nested(extensionsTag, 'extensions').nested(tags.sequence, 'Extensions')
  while (!extensions.atEnd) {
    const extension = extensions.nested(tags.sequence, 'Extension')
    if (Buffer.compare(extension.element(tags.oid).content, subjectAltName) !== 0) continue
    extension.optional(tags.boolean)
    return extension.element(tags.octetString).content
  }
  return undefined
}
