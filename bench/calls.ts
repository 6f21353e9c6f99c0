/** Every call but IssueCertificate, beside an HTTP handler that does nothing. */
import { startEmptyHandler } from './floors.ts'
import type { BenchOptions, Part } from './options.ts'
import {
  describeLoad,
  getLoad,
  listed,
  listLoad,
  mixedLoad,
  revokeLoad,
  type Subject,
} from './requests.ts'
import { shownCount } from './rows.ts'
import { compare, loaded, type LoadTarget, type Row } from './turns.ts'

/** Different certificates requested in one row. */
const getCounts = [300, 100_000]

/** A turn ends early if all are revoked. */
export function revocationsIn({ seconds, quick }: BenchOptions): number {
  return Math.ceil(seconds * (quick ? 50 : 2000))
}

interface Call {
  readonly part: Part
  readonly what: string
  readonly load: (subject: Subject, options: BenchOptions) => LoadTarget
  /** Not beside the empty handler. */
  readonly bare?: boolean
}

const calls: readonly Call[] = [
  ...getCounts.map((count) => ({
    part: 'get' as const,
    what: `GetCertificate, ${shownCount(count)} certificates`,
    load: (subject: Subject, { quick }: BenchOptions) =>
      getLoad(subject, quick ? Math.min(count, 500) : count),
  })),
  { part: 'describe', what: 'DescribeCertificateAuthority', load: describeLoad },
  { part: 'list', what: `ListCertificateAuthorities, ${listed} on a page`, load: listLoad },
  {
    part: 'revoke',
    what: 'RevokeCertificate',
    load: (subject, options) => revokeLoad(subject, revocationsIn(options)),
    bare: true,
  },
  {
    part: 'mixed',
    what: 'mixed: 70 % get, 20 % issue, 5 % describe, 5 % list',
    load: mixedLoad,
  },
]

/** Rows of these parts. */
export async function benchCalls(
  subjects: readonly Subject[],
  parts: readonly Part[],
  options: BenchOptions,
): Promise<Row[]> {
  const empty = await startEmptyHandler(options)
  const rows: Row[] = []
  try {
    for (const { what, load, bare } of calls.filter(({ part }) => parts.includes(part))) {
      const loads = subjects.map((subject) => load(subject, options))
      const [first] = loads
      if (first !== undefined && bare !== true) loads.push(empty.load(first))
      rows.push(...(await compare(what, loads.map(loaded), options)))
    }
    return rows
  } finally {
    empty.stop()
  }
}
