/** Signet, its peers and its floors under the same load in turns, so that a machine that slows down does it to all. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BenchFolder } from './bench-folder.ts'
import { writeRequests } from './load-file.ts'
import type { LoadOrder, LoadResult } from './load.ts'
import { cpuSecondsOf, signalTrees } from './machine.ts'
import type { BenchOptions } from './options.ts'

const run = promisify(execFile)

/** What is sent to whom. */
export interface LoadTarget extends Pick<LoadOrder, 'ports' | 'tls' | 'once' | 'reconnect'> {
  readonly name: string
  /** Whole requests, signed anew for each turn: a signature is valid for five minutes. */
  readonly requests: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>
  /** Processes whose CPU time is counted, with their descendants. */
  readonly pids: readonly number[]
  /** Whether other contenders use some of these processes, too. Then none of them is stopped. */
  readonly shared?: boolean
}

export interface Pace {
  readonly connections: number
  readonly seconds: number
  /** Requests a second (open loop); as many as are answered if left out. */
  readonly rate?: number
}

export interface Measurement extends LoadResult {
  /** CPU time of all processes of the contender, in microseconds per answered request. */
  readonly cpu: number
}

/** One without processes starts anew for each turn. */
export interface Contender extends Pick<LoadTarget, 'name' | 'pids' | 'shared'> {
  turn(pace: Pace): Promise<Measurement>
}

export interface Row {
  readonly what: string
  readonly connections: number
  /** Of the contender that the others are compared with. */
  readonly name: string
  readonly signet: readonly Measurement[]
  /** Open loop at half of the median rate. */
  readonly half: readonly Measurement[]
  readonly against: readonly {
    readonly name: string
    readonly results: readonly Measurement[]
  }[]
}

/** A row for each number of connections: the first contender and those that it is compared with, in turns. */
export async function compare(
  what: string,
  contenders: readonly Contender[],
  options: BenchOptions,
): Promise<Row[]> {
  const rows: Row[] = []
  const [signet, ...others] = contenders
  if (signet === undefined) throw new Error(`${what}: nothing is measured`)
  for (const connections of options.connections) {
    progress(`${what}, ${connections} connections`)
    const { warmUpSeconds, turns, seconds } = options
    const pace = { connections, seconds }
    const all = [signet, ...others]
    await alone(all, async (turn) => {
      if (warmUpSeconds > 0)
        for (const one of all.filter(({ pids: [own] }) => own !== undefined))
          await turn(one, { connections, seconds: warmUpSeconds })
      const results = new Map<Contender, Measurement[]>(all.map((one) => [one, []]))
      for (let index = 0; index < turns; index += 1)
        for (const one of index % 2 === 0 ? all : all.toReversed())
          results.get(one)?.push(await turn(one, pace))
      const own = results.get(signet) ?? []
      const rate = median(own.map(rateOf)) / 2
      const half: Measurement[] = []
      for (let index = 0; index < turns; index += 1)
        half.push(await turn(signet, { ...pace, rate }))
      const against = others.map((one) => ({ name: one.name, results: results.get(one) ?? [] }))
      for (const [{ name }, those] of results)
        progress(`  ${name}: ${median(those.map(rateOf)).toFixed(0)}/s`)
      rows.push({ what, connections, name: signet.name, signet: own, half, against })
    })
  }
  return rows
}

/** Stops every contender (SIGSTOP) but the one whose turn it is: background work of one is not measured with another. */
async function alone(
  contenders: readonly Contender[],
  work: (turn: (contender: Contender, pace: Pace) => Promise<Measurement>) => Promise<void>,
): Promise<void> {
  const pids = contenders.flatMap((one) => (one.shared === true ? [] : one.pids))
  signalTrees(pids, 'SIGSTOP')
  try {
    await work(async (contender, pace) => {
      signalTrees(contender.pids, 'SIGCONT')
      const result = await contender.turn(pace)
      if (contender.shared !== true) signalTrees(contender.pids, 'SIGSTOP')
      return result
    })
  } finally {
    signalTrees(pids, 'SIGCONT')
  }
}

/** A contender that answers requests. */
export function loaded(target: LoadTarget): Contender {
  return { ...target, turn: (pace) => runLoad(target, pace) }
}

/** One turn, with the load from a process of its own. Throws if anything is refused. */
export async function runLoad(target: LoadTarget, pace: Pace): Promise<Measurement> {
  const { requests, pids, ports, tls, once, reconnect } = target
  using folder = new BenchFolder()
  const path = folder.file('requests')
  writeRequests(path, await requests())
  const order: LoadOrder = {
    ports,
    tls,
    requests: path,
    ...pace,
    ...(once !== undefined && { once }),
    ...(reconnect !== undefined && { reconnect }),
  }
  const before = cpuSecondsOf(pids)
  const load = join(import.meta.dirname, 'load.ts')
  const { stdout } = await run(process.execPath, [load, JSON.stringify(order)])
  const cpuSeconds = cpuSecondsOf(pids) - before
  const result = JSON.parse(stdout) as LoadResult
  if (result.refused > 0)
    throw new Error(`${target.name} refused: ${result.firstRefusal ?? 'the connection ended'}`)
  return { ...result, cpu: (cpuSeconds / result.answered) * 1e6 }
}

/** Reports the present step on standard error. */
export function progress(what: string): void {
  process.stderr.write(`${new Date().toTimeString().slice(0, 8)} ${what}\n`)
}

/** Address of a listener of this machine. */
export function addressOf(url: string): Pick<LoadTarget, 'ports' | 'tls'> {
  const { protocol, port } = new URL(url)
  return { ports: [Number(port)], tls: protocol === 'https:' }
}

export function rateOf({ answered, seconds }: LoadResult): number {
  return answered / seconds
}

/** The median of numbers in any order. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2
}

/** The median of the ratios of each turn. */
export function ratioOf(own: readonly LoadResult[], other: readonly LoadResult[]): number {
  return median(
    own.flatMap((result, turn) => {
      const beside = other[turn]
      return beside === undefined ? [] : [rateOf(result) / rateOf(beside)]
    }),
  )
}
