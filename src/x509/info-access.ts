/** authorityInfoAccess and subjectInfoAccess, which share a syntax (RFC 5280 §4.2.2). */
import { encodeSequence } from './der-writer.ts'
import { encodeGeneralName, type GeneralName } from './general-name.ts'
import { encodeOidElement } from './oid.ts'

export interface AccessDescription {
  /** Object identifier, dotted. */
  readonly accessMethod: string
  readonly accessLocation: GeneralName
}

/** DER of AuthorityInfoAccessSyntax or SubjectInfoAccessSyntax, in the order given. */
export function encodeInfoAccess(descriptions: readonly AccessDescription[]): Uint8Array {
  return encodeSequence(
    ...descriptions.map(({ accessMethod, accessLocation }) =>
      encodeSequence(encodeOidElement(accessMethod), encodeGeneralName(accessLocation)),
    ),
  )
}
