/**
 * Compares the performance of API calls with and without many stored certificates. Each server has its own data folder, and the
 * servers are measured in turns. The benchmark also measures each server's startup time and memory.
 */
import { revocationsIn } from './calls.ts'
import { startEmptyHandler } from './floors.ts'
import { memoryOf } from './machine.ts'
import type { BenchOptions } from './options.ts'
import { getLoad, issueLoad, listLoad, revokeLoad, type Subject } from './requests.ts'
import { shownCount } from './rows.ts'
import { treesOf, withPrepared, type Prepared } from './servers.ts'
import { markdownTable } from './table.ts'
import { startSecondsMax, type Check } from './targets.ts'
import { compare, loaded, median, type LoadTarget, type Row } from './turns.ts'

export interface StoredFigures {
  readonly rows: readonly Row[]
  /** Markdown table with startup times and memory. */
  readonly table: string
  readonly checks: readonly Check[]
}

const operations: readonly {
  readonly name: string
  readonly load: (subject: Subject, options: BenchOptions) => LoadTarget
}[] = [
  { name: 'IssueCertificate', load: issueLoad },
  { name: 'GetCertificate', load: (subject) => getLoad(subject, 1000) },
  {
    name: 'RevokeCertificate',
    load: (subject, options) => revokeLoad(subject, revocationsIn(options)),
  },
  { name: 'ListCertificateAuthorities', load: listLoad },
]

/**
 * Compares the server for the first element of `counts` with all other servers. For the --before checkout, only the startup is
 * measured.
 */
export async function benchStored(
  counts: readonly number[],
  options: BenchOptions,
): Promise<StoredFigures> {
  const [own, ...others] = treesOf(options)
  const largestCount = Math.max(...counts)
  const stocks = [
    ...counts.map((count) => ({ tree: own, count })),
    ...others.map((tree) => ({ tree, count: largestCount })),
  ]
  return withPrepared(stocks, options, async (prepared) => {
    const [base, ...rest] = prepared.filter(({ tree }) => tree === own)
    const rows: Row[] = []
    for (const server of rest)
      for (const { name, load } of operations) {
        const contenders = [server, ...(base === undefined ? [] : [base])].map((subject) =>
          loaded({ ...load(subject, options), name: `${shownCount(subject.count)} stored` }),
        )
        const title = `${name}, ${shownCount(server.count)} stored`
        rows.push(...(await compare(title, contenders, options)))
      }
    const largest = rest.at(-1)
    const checks =
      largest === undefined
        ? []
        : [
            {
              figure: `Start-up with ${shownCount(largest.count)} stored, s`,
              value: median(largest.startTimes) / 1000,
              max: startSecondsMax,
            },
          ]
    return { rows, table: await startTable(prepared, options), checks }
  })
}

async function startTable(all: readonly Prepared[], options: BenchOptions): Promise<string> {
  const empty = await startEmptyHandler(options)
  empty.stop()
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)
  const rows = all.map(({ name, count, startTimes, memoryAtStart, server }) => {
    const { now, peak } = memoryOf(server.child.pid ?? 0)
    const range = `${Math.min(...startTimes).toFixed(0)}–${Math.max(...startTimes).toFixed(0)}`
    return [
      `${name}, ${shownCount(count)}`,
      `${median(startTimes).toFixed(0)} (${range})`,
      empty.startMilliseconds.toFixed(0),
      megabytes(memoryAtStart),
      megabytes(now),
      megabytes(peak),
    ]
  })
  const head = [
    'certificates stored',
    `start to first response, ms (min–max; ≤ ${startSecondsMax * 1000})`,
    'start of the empty handler, ms',
    'memory at start, MB',
    'after all load, MB',
    'peak, MB',
  ]
  return markdownTable(head, rows)
}
