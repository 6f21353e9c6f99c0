/** nameConstraints (RFC 5280 §4.2.1.10): which subtrees are there, each well-formed; what they mean is not judged. */
import { DerError } from '../der/error.ts'
import { contextTag, readOnlyNested, tags, DerReader, type DerElement } from '../der/reader.ts'
import { readAll, readSmallInteger } from '../der/values.ts'
import { encodeElement, encodeSequence } from '../der/writer.ts'
import { encodeGeneralName, parseGeneralNames, type GeneralName } from '../names/general-name.ts'
import { strict, type Tolerance } from '../der/tolerance.ts'

/** Base of a GeneralSubtree; its minimum is 0 and it has no maximum, as RFC 5280 asks. */
export interface GeneralSubtree {
  readonly kind: GeneralName['kind']
  /** As in a GeneralName, but for iPAddress: an address and its mask, 8 or 32 octets. */
  readonly content: Uint8Array
}

/** At least one of the lists has a subtree. */
export interface NameConstraints {
  readonly permitted: readonly GeneralSubtree[]
  readonly excluded: readonly GeneralSubtree[]
}

const permittedTag = contextTag(0, true)
const excludedTag = contextTag(1, true)
const minimumTag = contextTag(0, false)
const addressTag = contextTag(7, false)

/** In both lists together; far more than any constraint in use has. */
const subtreesMax = 1000

/**
 * Reads the value of the extension. Throws DerError, also for a list without a subtree, for none of both lists, for
 * a subtree that says a minimum or a maximum, and for more than 1000 subtrees.
 */
export function parseNameConstraints(
  value: Uint8Array,
  tolerance: Tolerance = strict,
): NameConstraints {
  const reader = readOnlyNested(value, tags.sequence, 'nameConstraints')
  const permitted = readSubtrees(reader.optional(permittedTag), 'permittedSubtrees', tolerance)
  const excluded = readSubtrees(reader.optional(excludedTag), 'excludedSubtrees', tolerance)
  reader.end()
  requireCount(permitted.length + excluded.length)
  return { permitted, excluded }
}

/** DER of NameConstraints. Throws DerError for constraints that would not be read back. */
export function encodeNameConstraints({ permitted, excluded }: NameConstraints): Uint8Array {
  requireCount(permitted.length + excluded.length)
  return encodeSequence(
    ...encodeSubtrees(permittedTag, permitted),
    ...encodeSubtrees(excludedTag, excluded),
  )
}

function requireCount(count: number): void {
  if (count === 0) throw new DerError('nameConstraints has no subtree')
  if (count > subtreesMax)
    throw new DerError(`nameConstraints has more than ${subtreesMax} subtrees`)
}

function readSubtrees(
  list: DerElement | undefined,
  label: string,
  tolerance: Tolerance,
): GeneralSubtree[] {
  if (list === undefined) return []
  const elements = readAll(new DerReader(list.content, label), label, subtreesMax)
  if (elements.length === 0) throw new DerError(`${label} has no subtree`)
  return elements.map(({ der }) => readSubtree(der, tolerance))
}

function readSubtree(der: Uint8Array, tolerance: Tolerance): GeneralSubtree {
  const reader = readOnlyNested(der, tags.sequence, 'GeneralSubtree')
  const base = readBase(reader.any())
  if (reader.peek() === minimumTag && tolerance.has('explicit-default')) {
    const minimum = reader.any()
    if (readSmallInteger(minimum, 'minimum of a GeneralSubtree', subtreesMax) !== 0)
      throw new DerError('GeneralSubtree has a minimum other than 0')
  }
  if (!reader.atEnd)
    throw new DerError('GeneralSubtree has more than a base: a minimum or maximum is not accepted')
  return base
}

function readBase({ tag, content, der }: DerElement): GeneralSubtree {
  if (tag === addressTag) return { kind: 'iPAddress', content: requireMasked(content) }
  const [name] = parseGeneralNames(encodeSequence(der))
  if (name === undefined) throw new DerError('GeneralSubtree has no base')
  return name
}

function encodeSubtrees(tag: number, subtrees: readonly GeneralSubtree[]): Uint8Array[] {
  if (subtrees.length === 0) return []
  return [encodeElement(tag, ...subtrees.map((subtree) => encodeSequence(encodeBase(subtree))))]
}

function encodeBase({ kind, content }: GeneralSubtree): Uint8Array {
  return kind === 'iPAddress'
    ? encodeElement(addressTag, requireMasked(content))
    : encodeGeneralName({ kind, content })
}

/** As in CIDR (RFC 4632 §3.1): the ones of the mask come first, so that it is a length. */
function requireMasked(content: Uint8Array): Uint8Array {
  if (content.length !== 8 && content.length !== 32)
    throw new DerError(`iPAddress of a subtree has ${content.length} octets, not 8 or 32`)
  let isOver = false
  for (const byte of content.subarray(content.length / 2)) {
    const zeros = ~byte & 0xff
    if ((isOver && byte !== 0) || (zeros & (zeros + 1)) !== 0)
      throw new DerError('iPAddress of a subtree has a mask that is not contiguous')
    isOver ||= byte !== 0xff
  }
  return content
}
