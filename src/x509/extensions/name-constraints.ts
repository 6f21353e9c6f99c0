/**
 * Reads and writes the subtrees of nameConstraints (RFC 5280 §4.2.1.10). Only the syntax of the subtrees is checked, not their
 * meaning.
 */
import { DerError } from '../der/error.ts'
import { contextTag, readOnlyNested, tags, DerReader, type DerElement } from '../der/reader.ts'
import { readAll, readSmallInteger } from '../der/values.ts'
import { encodeElement, encodeSequence } from '../der/writer.ts'
import { encodeGeneralName, parseGeneralNames, type GeneralName } from '../names/general-name.ts'
import { strict, type Tolerance } from '../der/tolerance.ts'

/** The base of a GeneralSubtree. RFC 5280 requires a minimum of 0 and no maximum. */
export interface GeneralSubtree {
  readonly kind: GeneralName['kind']
  /** Contents as in a GeneralName, except that an iPAddress consists of an address and its mask (8 or 32 bytes). */
  readonly content: Uint8Array
}

/** Two lists of subtrees, of which at least one is not empty. */
export interface NameConstraints {
  readonly permitted: readonly GeneralSubtree[]
  readonly excluded: readonly GeneralSubtree[]
}

const permittedTag = contextTag(0, true)
const excludedTag = contextTag(1, true)
const minimumTag = contextTag(0, false)
const addressTag = contextTag(7, false)

/** Maximum number of subtrees in both lists together. No certificate in use reaches this number. */
const subtreesMax = 1000

/**
 * Reads the value of the nameConstraints extension. Throws DerError if the value is malformed, if a list is empty, if both
 * lists are absent, if a subtree has a minimum or a maximum, or if there are more than 1000 subtrees.
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

/** Encodes NameConstraints. Throws DerError if parseNameConstraints would reject the constraints. */
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

/** Requires a CIDR mask (RFC 4632 §3.1), which has ones only at its start and therefore corresponds to a prefix length. */
function requireMasked(content: Uint8Array): Uint8Array {
  if (content.length !== 8 && content.length !== 32)
    throw new DerError(`iPAddress of a subtree has ${content.length} bytes, not 8 or 32`)
  let hasEnded = false
  for (const byte of content.subarray(content.length / 2)) {
    const zeros = ~byte & 0xff
    if ((hasEnded && byte !== 0) || (zeros & (zeros + 1)) !== 0)
      throw new DerError('iPAddress of a subtree has a mask that is not contiguous')
    hasEnded ||= byte !== 0xff
  }
  return content
}
