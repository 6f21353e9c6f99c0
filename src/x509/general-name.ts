/** GeneralNames (RFC 5280 §4.2.1.6): that they are there and which choices they are; what they say is copied. */
import { DerError } from './der-error.ts'
import { readOnlyNested, tags } from './der-reader.ts'

/** The choices, by the number of their tag. */
const generalNameKinds = [
  'otherName',
  'rfc822Name',
  'dNSName',
  'x400Address',
  'directoryName',
  'ediPartyName',
  'uniformResourceIdentifier',
  'iPAddress',
  'registeredID',
] as const

type GeneralNameKind = (typeof generalNameKinds)[number]

export interface GeneralName {
  readonly kind: GeneralNameKind
  /** Contents octets of the choice. */
  readonly content: Uint8Array
}

/** otherName, x400Address, directoryName and ediPartyName hold further elements. */
const constructedKinds: ReadonlySet<GeneralNameKind> = new Set([
  'otherName',
  'x400Address',
  'directoryName',
  'ediPartyName',
])

const namesMax = 1000

/** Reads GeneralNames, at least one, which must be the whole of `value`. Throws DerError. */
export function parseGeneralNames(value: Uint8Array): GeneralName[] {
  const reader = readOnlyNested(value, tags.sequence, 'GeneralNames')
  const names: GeneralName[] = []
  do {
    if (names.length === namesMax)
      throw new DerError(`GeneralNames has more than ${namesMax} names`)
    const { tag, content } = reader.any()
    const kind = generalNameKinds[tag & 0x1f]
    const constructed = kind !== undefined && constructedKinds.has(kind)
    if (kind === undefined || tag >> 5 !== (constructed ? 0b101 : 0b100))
      throw new DerError(`GeneralNames has a name with tag 0x${tag.toString(16)}`)
    names.push({ kind, content })
  } while (!reader.atEnd)
  return names
}
