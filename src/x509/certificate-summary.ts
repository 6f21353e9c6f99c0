/** What a list of certificates shows of each: read without the rest, which costs most (RFC 5280 §4.1). */
import { contextTag, readOnlyNested, tags } from './der-reader.ts'
import { readIntegerOctets } from './der-values.ts'
import { parseName, type Name } from './name.ts'
import { readTime } from './time.ts'

export interface CertificateSummary {
  /** Contents octets of the INTEGER. */
  readonly serialNumber: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
  readonly subject: Name
}

const versionTag = contextTag(0, true)

/** Reads a Certificate up to its subject. Throws DerError for what is no certificate up to there. */
export function parseCertificateSummary(der: Uint8Array): CertificateSummary {
  const reader = readOnlyNested(der, tags.sequence, 'Certificate').nested(
    tags.sequence,
    'TBSCertificate',
  )
  reader.optional(versionTag)
  const serialNumber = readIntegerOctets(reader.element(tags.integer), 'serialNumber')
  reader.element(tags.sequence)
  reader.element(tags.sequence)
  const validity = reader.nested(tags.sequence, 'Validity')
  const notBefore = readTime(validity, 'notBefore')
  const notAfter = readTime(validity, 'notAfter')
  const subject = parseName(reader.element(tags.sequence).der)
  return { serialNumber, notBefore, notAfter, subject }
}
