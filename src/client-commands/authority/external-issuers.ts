/**
 * CAs whose keys are not on the server, such as an offline root. External CAs appear only in the certificate chains of the CAs
 * below them.
 */
import { hash } from 'node:crypto'
import { nameWords } from '../../inspect/value-texts.ts'
import { isoSeconds } from '../../text/iso-time.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { oids } from '../../x509/der/oid.ts'

/** The status that commands display for a CA whose key is not on the server. */
export const externalStatus = 'EXTERNAL'

export interface ExternalCa {
  /** CommonName of the CA's subject, or the entire subject if it has no CommonName. */
  readonly name: string
  readonly subject: string
  /** Expiry of the certificate in ISO 8601. */
  readonly notAfter: string
  /** SHA-256 of the CA certificate in lower-case hexadecimal. */
  readonly sha256: string
}

export function externalCa({ subject, notAfter, der }: Certificate): ExternalCa {
  const commonName = subject.rdns.flat().findLast(({ type }) => type === oids.commonName)
  const words = nameWords(subject)
  return {
    name: commonName?.value ?? words,
    subject: words,
    notAfter: isoSeconds(notAfter),
    sha256: hash('sha256', der),
  }
}

/** A line in a tree: an item, and the branch characters that lead to the item. */
interface Line<T> {
  /** Branch characters; empty for the top of a tree. */
  readonly prefix: string
  /** CAs from the issuer to the root; empty except at the top of a tree. */
  readonly externalIssuers: readonly ExternalCa[]
  readonly item: T
}

/** A line to display: either an item, or a CA whose key is not on the server. */
export type ShownLine<T> = { readonly prefix: string } & (
  | { readonly item: T; readonly external?: undefined }
  | { readonly item?: undefined; readonly external: ExternalCa }
)

/** A tree of items, with the CAs above it from the root downward. */
interface Tree<T> {
  readonly above: readonly ExternalCa[]
  readonly lines: readonly Line<T>[]
}

/**
 * Adds the CAs whose keys are not on the server, each above the trees of the CAs that it has certified. Each external CA is
 * added only once.
 */
export function withExternalIssuers<T>(lines: readonly Line<T>[]): ShownLine<T>[] {
  const trees: { above: readonly ExternalCa[]; lines: Line<T>[] }[] = []
  for (const line of lines) {
    if (line.prefix === '') trees.push({ above: line.externalIssuers.toReversed(), lines: [line] })
    else trees.at(-1)?.lines.push(line)
  }
  return branches(trees).flat()
}

/** Returns the lines for the branches at one level, sorted by the first tree in each branch. */
function branches<T>(trees: readonly Tree<T>[]): ShownLine<T>[][] {
  const groups = new Map<string, Tree<T>[]>()
  for (const [index, tree] of trees.entries()) {
    const key = tree.above[0]?.sha256 ?? String(index)
    groups.set(key, [...(groups.get(key) ?? []), tree])
  }
  return [...groups.values()].map((group) => {
    const [first] = group
    const external = first?.above[0]
    if (external === undefined)
      return (first?.lines ?? []).map(({ prefix, item }) => ({ prefix, item }))
    const below = branches(group.map(({ above, lines }) => ({ above: above.slice(1), lines })))
    return [
      { prefix: '', external },
      ...below.flatMap((branch, index) => indented(branch, index === below.length - 1)),
    ]
  })
}

function indented<T>(branch: readonly ShownLine<T>[], isLast: boolean): ShownLine<T>[] {
  return branch.map((line, index) => {
    const start = index === 0 ? (isLast ? '└─ ' : '├─ ') : isLast ? '   ' : '│  '
    return { ...line, prefix: `${start}${line.prefix}` }
  })
}
