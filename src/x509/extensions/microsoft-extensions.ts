/** Extensions of Active Directory Certificate Services (Microsoft [MS-WCCE] §2.2.2.7.7, §2.2.1.1; [MS-CRTD]). */
import { DerError } from '../der/error.ts'
import { type DerReader, readOnly, readOnlyNested, tags } from '../der/reader.ts'
import { readSmallInteger } from '../der/values.ts'
import { decodeOid } from '../der/oid.ts'
import { decodeString } from '../der/strings.ts'

/** The value of the extension szOID_CERTIFICATE_TEMPLATE. */
export interface MicrosoftTemplate {
  /** Dotted object identifier of the template. */
  readonly templateId: string
  readonly majorVersion: number | undefined
  readonly minorVersion: number | undefined
}

/** The major version and the minor version are both INTEGER (0..4294967295) OPTIONAL. */
const versionMax = 2 ** 32 - 1

/** Reads the value of the extension szOID_CERTIFICATE_TEMPLATE. Throws DerError if the value is malformed. */
export function parseMicrosoftTemplate(value: Uint8Array): MicrosoftTemplate {
  const reader = readOnlyNested(value, tags.sequence, 'certificateTemplate')
  const templateId = decodeOid(reader.element(tags.oid).content)
  const majorVersion = readVersion(reader, 'majorVersion')
  const minorVersion = readVersion(reader, 'minorVersion')
  reader.end()
  return { templateId, majorVersion, minorVersion }
}

function readVersion(reader: DerReader, label: string): number | undefined {
  const version = reader.optional(tags.integer)
  return version === undefined ? undefined : readSmallInteger(version, label, versionMax)
}

/**
 * Reads the template name in the value of the extension szOID_ENROLL_CERTTYPE_EXTENSION. Throws DerError if the value is
 * malformed.
 */
export function parseMicrosoftTemplateName(value: Uint8Array): string {
  const label = 'enrollCerttypeExtension'
  const name = decodeString(readOnly(value, tags.bmpString, label)) ?? ''
  if (name === '') throw new DerError(`${label} is empty`)
  return name
}
