/**
 * The same calls with many certificates stored, and with none: servers on data folders of their own, which all run and
 * take turns. Also how long each takes to start, and its memory.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer, type ServerProcess } from '../test/support/process.ts'
import { prepareSubject, revocationsIn } from './calls.ts'
import { startEmptyHandler } from './floors.ts'
import { memoryOf } from './machine.ts'
import type { BenchOptions } from './options.ts'
import type { PlotLine } from './plot.ts'
import { getLoad, issueLoad, listLoad, revokeLoad, type Subject } from './requests.ts'
import { sampleInput, seedCertificates } from './seed.ts'
import { markdownTable } from './table.ts'
import {
  halfRate,
  median,
  progress,
  rateOf,
  runLoad,
  takeTurns,
  type LoadTarget,
  type Row,
} from './turns.ts'

/** Quotas that no bench meets. */
export const roomy: readonly string[] = [
  '--quota-certificates',
  '1000000000',
  '--quota-revocations',
  '1000000000',
]

/** Of which the start-up times are. */
const starts = 3

interface Stored {
  readonly count: number
  readonly data: string
  readonly server: ServerProcess
  readonly subject: Subject
  /** Milliseconds from the start of the process to the first answer. */
  readonly startTimes: readonly number[]
  /** Bytes, before any load. */
  readonly memoryAtStart: number
}

export interface StoredFigures {
  readonly rows: readonly Row[]
  /** Start-up and memory, in Markdown. */
  readonly table: string
  readonly lines: readonly PlotLine[]
}

/** One server for each of `counts`; the first is what the others are compared with. */
export async function benchStored(
  counts: readonly number[],
  options: BenchOptions,
): Promise<StoredFigures> {
  const all: Stored[] = []
  const folders: string[] = []
  try {
    for (const count of counts) {
      progress(`storing ${count} certificates`)
      const data = await mkdtemp(join(tmpdir(), 'signet-bench-stored-'))
      folders.push(data)
      all.push(await prepareStored(data, count, options))
    }
    const empty = await startEmptyHandler(options.processes)
    empty.stop()
    const measured = await measureAll(all, options)
    return { ...measured, table: startTable(all, empty.startMilliseconds) }
  } finally {
    await Promise.all(all.map(({ server }) => server.stop('SIGTERM')))
    for (const folder of folders) await rm(folder, { recursive: true })
  }
}

async function prepareStored(data: string, count: number, options: BenchOptions): Promise<Stored> {
  const flags = [...roomy, ...options.serverFlags]
  const prepared = await prepareFirst(data, flags, options)
  if (count > 0) seedCertificates({ data, authorityArns: [prepared.target.authorityArn], count })
  const startTimes: number[] = []
  for (;;) {
    const startedAt = performance.now()
    const server = await startServer(data, flags)
    await fetch(`${server.url}/healthz`)
    startTimes.push(performance.now() - startedAt)
    if (startTimes.length < (options.quick ? 1 : starts)) {
      await server.stop('SIGTERM')
      continue
    }
    const memoryAtStart = memoryOf(server.child.pid ?? 0).now
    const { target } = prepared
    const { url } = server
    const request: typeof target.request = (operation, input) =>
      target.request(operation, input, url)
    const subject = { ...prepared, target: { ...target, url, request } }
    return { count, data, server, subject, startTimes, memoryAtStart }
  }
}

/** With the certificate that others are to be copies of. */
async function prepareFirst(
  data: string,
  flags: readonly string[],
  options: BenchOptions,
): Promise<Subject> {
  const server = await startServer(data, flags)
  try {
    const subject = await prepareSubject(server, data, options)
    const { target, csrs } = subject
    await target.call(server.url, 'IssueCertificate', sampleInput(target, csrs[0] ?? ''))
    return subject
  } finally {
    await server.stop('SIGTERM')
  }
}

const operations: readonly {
  readonly name: string
  readonly load: (subject: Subject, options: BenchOptions) => LoadTarget
}[] = [
  { name: 'IssueCertificate', load: issueLoad },
  { name: 'GetCertificate', load: getLoad },
  {
    name: 'RevokeCertificate',
    load: (subject, options) => revokeLoad(subject, revocationsIn(options)),
  },
  { name: 'ListCertificateAuthorities', load: listLoad },
]

async function measureAll(
  all: readonly Stored[],
  options: BenchOptions,
): Promise<Omit<StoredFigures, 'table'>> {
  const rows: Row[] = []
  const lines: PlotLine[] = []
  for (const { name, load } of operations) {
    progress(`${name} with stored certificates`)
    const loads = all.map(({ subject }) => load(subject, options))
    const results = await takeTurns(
      loads.map((one) => ({
        name,
        turn: (seconds: number) => runLoad(one, options, { seconds }),
      })),
      options,
    )
    const [base = []] = results
    for (const [index, own] of results.entries()) {
      const one = loads[index]
      if (one === undefined) continue
      const half = await runLoad(one, options, { seconds: options.seconds, rate: halfRate(own) })
      const beside = { name: `${all[0]?.count} stored`, target: 0.9, results: base }
      rows.push({
        what: `${name}, ${shownCount(all[index]?.count ?? 0)} stored`,
        signet: own,
        half,
        against: index === 0 ? [] : [beside],
      })
    }
    const points = results.map((own, index) => {
      const rates = own.map(rateOf)
      const [low, high] = [Math.min(...rates), Math.max(...rates)]
      return { stored: all[index]?.count ?? 0, rate: median(rates), low, high }
    })
    lines.push({ name, points })
  }
  return { rows, lines }
}

/** In groups of three digits. */
export function shownCount(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ' ')
}

function startTable(all: readonly Stored[], emptyMilliseconds: number): string {
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)
  const rows = all.map(({ count, startTimes, memoryAtStart, server }) => {
    const { now, peak } = memoryOf(server.child.pid ?? 0)
    const range = `${Math.min(...startTimes).toFixed(0)}–${Math.max(...startTimes).toFixed(0)}`
    return [
      shownCount(count),
      `${median(startTimes).toFixed(0)} (${range})`,
      emptyMilliseconds.toFixed(0),
      megabytes(memoryAtStart),
      megabytes(now),
      megabytes(peak),
    ]
  })
  const head = [
    'certificates stored',
    'start to first answer, ms (min–max)',
    'the same of the empty handler, ms',
    'memory at start, MB',
    'after all load, MB',
    'at most, MB',
  ]
  return markdownTable(head, rows)
}
