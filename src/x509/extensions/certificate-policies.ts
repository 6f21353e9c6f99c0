/** The certificatePolicies extension (RFC 5280 §4.2.1.4), with CPS qualifiers. */
import { DerError } from '../der/error.ts'
import { readOnlyNested, tags, type DerElement, type DerReader } from '../der/reader.ts'
import { readAll, readUnsignedBytes, readSequenceOf } from '../der/values.ts'
import { encodeElement, encodeSequence } from '../der/writer.ts'
import { decodeOid, encodeOidElement, oids } from '../der/oid.ts'
import { decodeString, isAscii } from '../der/strings.ts'

export interface PolicyInformation {
  /** Dotted object identifier of the policy. */
  readonly policyIdentifier: string
  /** URIs of the certification practice statements (CPS). */
  readonly cpsUris: readonly string[]
}

/** Encodes certificatePolicies in the given order. Throws DerError if a URI contains non-ASCII characters. */
export function encodeCertificatePolicies(policies: readonly PolicyInformation[]): Uint8Array {
  return encodeSequence(
    ...policies.map(({ policyIdentifier, cpsUris }) =>
      encodeSequence(
        encodeOidElement(policyIdentifier),
        ...(cpsUris.length === 0 ? [] : [encodeSequence(...cpsUris.map(encodeCpsQualifier))]),
      ),
    ),
  )
}

const policiesMax = 256

/**
 * Reads the policy identifiers in the value of the extension, which must contain at least one policy. Qualifiers are not
 * parsed. Throws DerError if the value is malformed.
 */
export function parsePolicyIdentifiers(value: Uint8Array): string[] {
  const reader = readOnlyNested(value, tags.sequence, 'certificatePolicies')
  const identifiers: string[] = []
  do {
    if (identifiers.length === policiesMax)
      throw new DerError(`certificatePolicies has more than ${policiesMax} policies`)
    const policy = reader.nested(tags.sequence, 'PolicyInformation')
    identifiers.push(decodeOid(policy.element(tags.oid).content))
    if (!policy.atEnd) policy.element(tags.sequence)
    policy.end()
  } while (!reader.atEnd)
  return identifiers
}

function encodeCpsQualifier(uri: string): Uint8Array {
  if (!isAscii(uri)) throw new DerError(`CPS URI '${uri.slice(0, 64)}' is not ASCII`)
  return encodeSequence(
    encodeOidElement(oids.cpsQualifier),
    encodeElement(tags.ia5String, Buffer.from(uri, 'latin1')),
  )
}

/** A string, and the tag of the string's type. */
interface DisplayText {
  readonly tag: number
  readonly text: string
}

export interface QualifiedPolicy {
  /** Dotted object identifier of the policy. */
  readonly policyIdentifier: string
  readonly cpsUris: readonly string[]
  /** The explicitText and the organization in the noticeRef of every user notice. */
  readonly noticeTexts: readonly DisplayText[]
}

const qualifiersMax = 64
const noticeNumbersMax = 64
const displayTextTags: ReadonlySet<number> = new Set([
  tags.ia5String,
  tags.visibleString,
  tags.bmpString,
  tags.utf8String,
])

/**
 * Reads the complete value of the extension, with at least one policy and with all qualifiers. Throws DerError if the value is
 * malformed. A qualifier type that RFC 5280 does not define is also an error, because pyca/cryptography rejects it.
 */
export function parseCertificatePolicies(value: Uint8Array): QualifiedPolicy[] {
  return readSequenceOf(value, 'certificatePolicies', policiesMax).map(readPolicy)
}

function readPolicy({ der }: DerElement): QualifiedPolicy {
  const reader = readOnlyNested(der, tags.sequence, 'PolicyInformation')
  const policyIdentifier = decodeOid(reader.element(tags.oid).content)
  const cpsUris: string[] = []
  const noticeTexts: DisplayText[] = []
  if (!reader.atEnd) {
    const list = reader.nested(tags.sequence, 'policyQualifiers')
    const qualifiers = readAll(list, 'policyQualifiers', qualifiersMax)
    if (qualifiers.length === 0) throw new DerError('policyQualifiers is empty')
    for (const qualifier of qualifiers) {
      const inner = readOnlyNested(qualifier.der, tags.sequence, 'PolicyQualifierInfo')
      const type = decodeOid(inner.element(tags.oid).content)
      if (type === oids.cpsQualifier) cpsUris.push(readCpsUri(inner))
      else if (type === oids.userNotice) noticeTexts.push(...readNotice(inner))
      else
        throw new DerError(`qualifier has type ${type}, but must be a CPS pointer or a user notice`)
      inner.end()
    }
  }
  reader.end()
  return { policyIdentifier, cpsUris, noticeTexts }
}

function readCpsUri(reader: DerReader): string {
  return decodeString(reader.element(tags.ia5String)) ?? ''
}

/**
 * Reads a UserNotice, which consists of an optional noticeRef and an explicitText. GnuTLS rejects a user notice without an
 * explicitText.
 */
function readNotice(parent: DerReader): DisplayText[] {
  const reader = parent.nested(tags.sequence, 'UserNotice')
  const texts: DisplayText[] = []
  if (reader.peek() === tags.sequence) {
    const reference = reader.nested(tags.sequence, 'NoticeReference')
    texts.push(readDisplayText(reference))
    const numbers = reference.nested(tags.sequence, 'noticeNumbers')
    for (const number of readAll(numbers, 'noticeNumbers', noticeNumbersMax)) {
      if (number.tag !== tags.integer) throw new DerError('noticeNumbers has a non-INTEGER')
      readUnsignedBytes(number, 'noticeNumbers')
    }
    reference.end()
  }
  if (reader.atEnd) throw new DerError('UserNotice has no explicitText')
  texts.push(readDisplayText(reader))
  reader.end()
  return texts
}

function readDisplayText(reader: DerReader): DisplayText {
  const element = reader.any()
  if (!displayTextTags.has(element.tag))
    throw new DerError(`DisplayText has tag 0x${element.tag.toString(16)}`)
  return { tag: element.tag, text: decodeString(element) ?? '' }
}
