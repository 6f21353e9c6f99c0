/** Checks a certificate's names against the name constraints in the CA certificates above it (RFC 5280 §4.2.1.10). */
import type { Certificate } from '../../x509/certificate.ts'
import { DerError } from '../../x509/der/error.ts'
import { findExtension } from '../../x509/extensions/extensions.ts'
import {
  parseNameConstraints,
  type GeneralSubtree,
} from '../../x509/extensions/name-constraints.ts'
import { formatName } from '../../x509/names/name.ts'
import { oids } from '../../x509/der/oid.ts'
import { isWithin, readBase, readName, type ComparableBase } from './name-forms.ts'
import {
  constrainedNames,
  showName,
  type CertificateNames,
  type ConstrainedName,
} from './constrained-names.ts'

/** The parsed name constraints of a CA certificate. */
interface ParsedConstraints {
  /** Subject of the CA certificate, for error messages. */
  readonly holder: string
  readonly permitted: ReadonlyMap<string, readonly Subtree[]>
  readonly excluded: ReadonlyMap<string, readonly Subtree[]>
}

interface Subtree {
  readonly base: ComparableBase
  readonly shown: string
}

/** Name constraints that cannot be parsed. Every certificate is considered to violate unreadable constraints. */
interface UnreadableConstraints {
  readonly holder: string
  readonly problem: string
}

/** The name constraints in a path's certificates, parsed once and then applied to each certificate below the path. */
export type PathConstraints = readonly AnyConstraints[]

type AnyConstraints = ParsedConstraints | UnreadableConstraints

/**
 * Limits on the comparisons between names and subtrees, and on the directoryName bytes that are compared. The limits keep the
 * check of a certificate below a tenth of a second. No CA in use reaches these limits.
 */
const comparisonsMax = 2 ** 18
const directoryBytesMax = 2 ** 22

/**
 * Returns the name constraints in a path (a CA certificate, its signer, … the root), or an empty list if there are none.
 * The function never throws; constraints that cannot be parsed become UnreadableConstraints.
 */
export function constraintsOf(path: readonly Certificate[]): PathConstraints {
  return path.flatMap((certificate): PathConstraints => {
    const extension = findExtension(certificate.extensions, oids.nameConstraints)
    if (extension === undefined) return []
    const holder = formatName(certificate.subject)
    try {
      return [{ holder, ...readNameConstraints(extension.value) }]
    } catch (error) {
      if (!(error instanceof DerError)) throw error
      return [{ holder, problem: error.message }]
    }
  })
}

/**
 * Parses the value of a nameConstraints extension for comparison with names. Throws DerError if the extension is malformed, or
 * if a base is invalid for its name form.
 */
export function readNameConstraints(value: Uint8Array): Omit<ParsedConstraints, 'holder'> {
  const { permitted, excluded } = parseNameConstraints(value)
  return { permitted: readSubtrees(permitted), excluded: readSubtrees(excluded) }
}

function readSubtrees(subtrees: readonly GeneralSubtree[]): Map<string, Subtree[]> {
  const byKind = new Map<string, Subtree[]>()
  for (const subtree of subtrees) {
    const parsed = { base: readBase(subtree), shown: showName(subtree) }
    const others = byKind.get(subtree.kind)
    if (others === undefined) byKind.set(subtree.kind, [parsed])
    else others.push(parsed)
  }
  return byKind
}

/**
 * Describes the first violation by a certificate below the path: the name, the violated constraint, and the CA certificate with
 * that constraint. Returns undefined if the certificate complies.
 *
 * The constraints of every certificate in the path apply, including those of self-issued certificates. A name that cannot be
 * compared is a violation if its form is constrained (RFC 5280 §4.2.1.10). Exceeding the comparison limits is also a violation.
 */
export function violatedNameConstraint(
  constraints: PathConstraints,
  certificateNames: CertificateNames,
): string | undefined {
  if (constraints.length === 0) return undefined
  const names = constrainedNames(certificateNames)
  const comparisons = sum(constraints.map((each) => comparisonsWith(each, names)))
  const bytes = sum(constraints.map((each) => bytesComparedWith(each, names)))
  if (comparisons > comparisonsMax || bytes > directoryBytesMax)
    return 'the names in the certificate are too many or too long to be compared with the name constraints of the CAs above it'
  return firstOf(constraints, (each) =>
    'problem' in each
      ? `the name constraints of ${each.holder} cannot be read: ${each.problem}`
      : firstOf(names, (name) => violationBy(each, name)),
  )
}

function comparisonsWith(constraints: AnyConstraints, names: readonly ConstrainedName[]): number {
  if ('problem' in constraints) return 0
  const { permitted, excluded } = constraints
  return sum(
    names.map(
      ({ name }) =>
        (permitted.get(name.kind)?.length ?? 0) + (excluded.get(name.kind)?.length ?? 0),
    ),
  )
}

function bytesComparedWith(constraints: AnyConstraints, names: readonly ConstrainedName[]): number {
  if ('problem' in constraints) return 0
  const lists = [constraints.permitted, constraints.excluded]
  const subtrees = lists.flatMap((list) => list.get('directoryName') ?? [])
  const directoryNames = names.filter(({ name }) => name.kind === 'directoryName')
  return (
    subtrees.length * sum(directoryNames.map(({ name }) => name.content.length)) +
    directoryNames.length * sum(subtrees.map(directoryBytes))
  )
}

function directoryBytes({ base }: Subtree): number {
  return base.kind === 'directoryName' ? base.name.der.length : 0
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function violationBy(
  { holder, permitted, excluded }: ParsedConstraints,
  { name, shown }: ConstrainedName,
): string | undefined {
  const permittedBases = permitted.get(name.kind)
  const excludedBases = excluded.get(name.kind) ?? []
  if (permittedBases === undefined && excludedBases.length === 0) return undefined
  const comparable = readName(name)
  if (comparable === undefined)
    return `${shown} cannot be compared with the name constraints of ${holder} for this type of name`
  const violated = excludedBases.find(({ base }) => isWithin(comparable, base, 'possible'))
  if (violated !== undefined)
    return `${shown} is within ${violated.shown}, which the name constraints of ${holder} exclude`
  if (permittedBases === undefined) return undefined
  if (permittedBases.some(({ base }) => isWithin(comparable, base, 'certain'))) return undefined
  return `${shown} is not within a subtree that the name constraints of ${holder} permit: ${showFirst(permittedBases)}`
}

/** Maximum number of subtrees listed in an error message. */
const shownMax = 3

function showFirst(subtrees: readonly Subtree[]): string {
  const shown = subtrees.slice(0, shownMax).map((subtree) => subtree.shown)
  const more = subtrees.length - shown.length
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '')
}

function firstOf<Item, Result>(
  items: readonly Item[],
  find: (item: Item) => Result | undefined,
): Result | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}
