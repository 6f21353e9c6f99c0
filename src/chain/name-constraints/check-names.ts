/** Whether a certificate keeps to the name constraints of the CA certificates above it (RFC 5280 §4.2.1.10). */
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

/** The constraints of one CA certificate, read. */
interface HeldConstraints {
  /** Names the certificate in messages. */
  readonly holder: string
  readonly permitted: ReadonlyMap<string, readonly Subtree[]>
  readonly excluded: ReadonlyMap<string, readonly Subtree[]>
}

interface Subtree {
  readonly base: ComparableBase
  readonly shown: string
}

/** Constraints that cannot be read: nothing keeps to them. */
interface UnreadableConstraints {
  readonly holder: string
  readonly problem: string
}

/** What the certificates of a path demand of the names below them; read once, asked for each certificate. */
export type PathConstraints = readonly AnyConstraints[]

type AnyConstraints = HeldConstraints | UnreadableConstraints

/**
 * Comparing is names times subtrees. These bound it to some tens of milliseconds a certificate, far above what any CA
 * needs: the pairs of name and subtree, and the octets of directoryNames compared, since a Name can be long.
 */
const comparisonsMax = 2 ** 18
const directoryBytesMax = 2 ** 22

/**
 * The name constraints of a path: a CA certificate first, its signer next, the root last; empty if there are none.
 * Never throws: constraints that cannot be read are kept as such, and violated by everything.
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
 * Reads the value of a nameConstraints extension so that names can be compared with it. Throws DerError, also for a
 * base that its form does not allow.
 */
export function readNameConstraints(value: Uint8Array): Omit<HeldConstraints, 'holder'> {
  const { permitted, excluded } = parseNameConstraints(value)
  return { permitted: readSubtrees(permitted), excluded: readSubtrees(excluded) }
}

function readSubtrees(subtrees: readonly GeneralSubtree[]): Map<string, Subtree[]> {
  const byKind = new Map<string, Subtree[]>()
  for (const subtree of subtrees) {
    const read = { base: readBase(subtree), shown: showName(subtree) }
    const others = byKind.get(subtree.kind)
    if (others === undefined) byKind.set(subtree.kind, [read])
    else others.push(read)
  }
  return byKind
}

/**
 * The first breach of the constraints by a certificate below the path, as a sentence that names the name, the
 * constraint and the CA certificate that holds it; undefined if there is none.
 *
 * Every certificate of the path counts, self-issued ones too. A name that cannot be compared is a breach where its
 * form is constrained (RFC 5280 §4.2.1.10), and so is a certificate with more names than can be compared.
 */
export function violatedNameConstraint(
  constraints: PathConstraints,
  certificateNames: CertificateNames,
): string | undefined {
  if (constraints.length === 0) return undefined
  const names = constrainedNames(certificateNames)
  const comparisons = sum(constraints.map((held) => comparisonsWith(held, names)))
  const bytes = sum(constraints.map((held) => bytesComparedWith(held, names)))
  if (comparisons > comparisonsMax || bytes > directoryBytesMax)
    return 'there are too many names, or too long ones, to compare with the name constraints above'
  return firstOf(constraints, (held) =>
    'problem' in held
      ? `the name constraints of ${held.holder} cannot be read: ${held.problem}`
      : firstOf(names, (name) => violationBy(held, name)),
  )
}

function comparisonsWith(held: AnyConstraints, names: readonly ConstrainedName[]): number {
  if ('problem' in held) return 0
  const { permitted, excluded } = held
  return sum(
    names.map(
      ({ name }) =>
        (permitted.get(name.kind)?.length ?? 0) + (excluded.get(name.kind)?.length ?? 0),
    ),
  )
}

function bytesComparedWith(held: AnyConstraints, names: readonly ConstrainedName[]): number {
  if ('problem' in held) return 0
  const lists = [held.permitted, held.excluded]
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
  { holder, permitted, excluded }: HeldConstraints,
  { name, shown }: ConstrainedName,
): string | undefined {
  const within = permitted.get(name.kind)
  const without = excluded.get(name.kind) ?? []
  if (within === undefined && without.length === 0) return undefined
  const read = readName(name)
  if (read === undefined)
    return `${shown} cannot be compared with the name constraints of ${holder} for that kind of name`
  const breach = without.find(({ base }) => isWithin(read, base, 'possible'))
  if (breach !== undefined)
    return `${shown} is within ${breach.shown}, which the name constraints of ${holder} exclude`
  if (within === undefined || within.some(({ base }) => isWithin(read, base, 'certain')))
    return undefined
  return `${shown} is not within what the name constraints of ${holder} permit: ${showFirst(within)}`
}

/** Few enough to be read. */
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
