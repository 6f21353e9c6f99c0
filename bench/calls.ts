/** Benchmarks of all operations except IssueCertificate, compared with an empty HTTP handler. */
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

/** Numbers of distinct certificates to request; each number has its own table row. */
const getCounts = [300, 100_000]

/** Number of certificates to revoke in a turn. A turn ends when all its certificates are revoked. */
export function revocationsIn({ seconds, quick }: BenchOptions): number {
  return Math.ceil(seconds * (quick ? 50 : 2000))
}

interface Call {
  readonly part: Part
  readonly title: string
  readonly load: (subject: Subject, options: BenchOptions) => LoadTarget
  /** Whether to omit the comparison with the empty handler. */
  readonly isAlone?: boolean
}

const calls: readonly Call[] = [
  ...getCounts.map((count) => ({
    part: 'get' as const,
    title: `GetCertificate, ${shownCount(count)} certificates`,
    load: (subject: Subject, { quick }: BenchOptions) =>
      getLoad(subject, quick ? Math.min(count, 500) : count),
  })),
  { part: 'describe', title: 'DescribeCertificateAuthority', load: describeLoad },
  { part: 'list', title: `ListCertificateAuthorities, ${listed} on a page`, load: listLoad },
  {
    part: 'revoke',
    title: 'RevokeCertificate',
    load: (subject, options) => revokeLoad(subject, revocationsIn(options)),
    isAlone: true,
  },
  {
    part: 'mixed',
    title: 'mixed: 70 % get, 20 % issue, 5 % describe, 5 % list',
    load: mixedLoad,
  },
]

/** Returns the table rows for the given parts of the benchmark. */
export async function benchCalls(
  subjects: readonly Subject[],
  parts: readonly Part[],
  options: BenchOptions,
): Promise<Row[]> {
  const empty = await startEmptyHandler(options)
  const rows: Row[] = []
  try {
    for (const { title, load, isAlone } of calls.filter(({ part }) => parts.includes(part))) {
      const loads = subjects.map((subject) => load(subject, options))
      const [first] = loads
      if (first !== undefined && isAlone !== true) loads.push(empty.load(first))
      rows.push(...(await compare(title, loads.map(loaded), options)))
    }
    return rows
  } finally {
    empty.stop()
  }
}
