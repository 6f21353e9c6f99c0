/** Extensions of Active Directory Certificate Services (Microsoft [MS-WCCE] §2.2.2.7.7, §2.2.1.1; [MS-CRTD]). */
import { DerError } from '../der/error.ts'
import { readOnly, readOnlyNested, tags } from '../der/reader.ts'
import { readSmallInteger } from '../der/values.ts'
import { decodeOid } from '../der/oid.ts'
import { decodeString } from '../der/strings.ts'

/** The value of szOID_CERTIFICATE_TEMPLATE. */
export interface MicrosoftTemplate {
  /** Dotted object identifier. */
  readonly templateId: string
  readonly majorVersion: number
  readonly minorVersion: number | undefined
}

const versionMax = 2 ** 31

/** Reads the value of szOID_CERTIFICATE_TEMPLATE. Throws DerError. */
export function parseMicrosoftTemplate(value: Uint8Array): MicrosoftTemplate {
  const reader = readOnlyNested(value, tags.sequence, 'certificateTemplate')
  const templateId = decodeOid(reader.element(tags.oid).content)
  const majorVersion = readSmallInteger(reader.element(tags.integer), 'majorVersion', versionMax)
  const minor = reader.optional(tags.integer)
  reader.end()
  const minorVersion =
    minor === undefined ? undefined : readSmallInteger(minor, 'minorVersion', versionMax)
  return { templateId, majorVersion, minorVersion }
}

/** Reads the template name in the value of szOID_ENROLL_CERTTYPE_EXTENSION. Throws DerError. */
export function parseMicrosoftTemplateName(value: Uint8Array): string {
  const label = 'enrollCerttypeExtension'
  const name = decodeString(readOnly(value, tags.bmpString, label)) ?? ''
  if (name === '') throw new DerError(`${label} is empty`)
  return name
}
