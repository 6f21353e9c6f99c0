/**
 * Measures Signet, its peers and baselines in turns under the same load. A slowdown of the machine therefore affects all results.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BenchFolder } from './bench-folder.ts'
import { writeRequests } from './load-file.ts'
import type { LoadOptions, LoadResult } from './load.ts'
import { cpuSecondsOf, signalTrees } from './machine.ts'
import type { BenchOptions } from './options.ts'

const run = promisify(execFile)

/** A load and the server that receives it. */
export interface LoadTarget extends Pick<LoadOptions, 'ports' | 'tls' | 'once' | 'reconnect'> {
  readonly name: string
  /** Returns complete HTTP requests. Each turn signs its requests again, because a signature is valid for only five minutes. */
  readonly requests: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>
  /** Processes whose CPU time is measured, together with their descendants. */
  readonly pids: readonly number[]
  /** Whether the contender shares processes with other contenders. Shared processes are never suspended. */
  readonly shared?: boolean
}

export interface Pace {
  readonly connections: number
  readonly seconds: number
  /** Request rate per second (open loop). If the rate is omitted, each response triggers the next request (closed loop). */
  readonly rate?: number
}

export interface Measurement extends LoadResult {
  /** CPU time of all the contender's processes, in microseconds per successful request. */
  readonly cpu: number
}

/** A server or baseline that the benchmark measures. If a contender has no processes, each turn starts new processes. */
export interface Contender extends Pick<LoadTarget, 'name' | 'pids' | 'shared'> {
  turn(pace: Pace): Promise<Measurement>
}

export interface Row {
  readonly title: string
  readonly connections: number
  /** Name of the first contender, with which all other contenders are compared. */
  readonly name: string
  /** Results of the first contender. */
  readonly signet: readonly Measurement[]
  /** Results of the first contender in an open loop, at half of its median rate. */
  readonly half: readonly Measurement[]
  readonly others: readonly {
    readonly name: string
    readonly results: readonly Measurement[]
  }[]
}

/** Compares the first contender with all other contenders, in turns. Returns a table row for each number of connections. */
export async function compare(
  title: string,
  contenders: readonly Contender[],
  options: BenchOptions,
): Promise<Row[]> {
  const rows: Row[] = []
  const [signet, ...others] = contenders
  if (signet === undefined) throw new Error(`${title}: the list of contenders is empty`)
  for (const connections of options.connections) {
    progress(`${title}, ${connections} connections`)
    const { warmUpSeconds, turns, seconds } = options
    const pace = { connections, seconds }
    const all = [signet, ...others]
    await runAlone(all, async (turn) => {
      if (warmUpSeconds > 0)
        for (const contender of all.filter(({ pids: [pid] }) => pid !== undefined))
          await turn(contender, { connections, seconds: warmUpSeconds })
      const results = new Map<Contender, Measurement[]>(all.map((contender) => [contender, []]))
      for (let index = 0; index < turns; index += 1)
        for (const contender of index % 2 === 0 ? all : all.toReversed())
          results.get(contender)?.push(await turn(contender, pace))
      const own = results.get(signet) ?? []
      const rate = median(own.map(rateOf)) / 2
      const half: Measurement[] = []
      for (let index = 0; index < turns; index += 1)
        half.push(await turn(signet, { ...pace, rate }))
      for (const [{ name }, measurements] of results)
        progress(`  ${name}: ${median(measurements.map(rateOf)).toFixed(0)}/s`)
      rows.push({
        title,
        connections,
        name: signet.name,
        signet: own,
        half,
        others: others.map((other) => ({ name: other.name, results: results.get(other) ?? [] })),
      })
    })
  }
  return rows
}

/**
 * Suspends all contenders except the current one (SIGSTOP), so that background work does not affect the current contender's
 * results.
 */
async function runAlone(
  contenders: readonly Contender[],
  work: (turn: (contender: Contender, pace: Pace) => Promise<Measurement>) => Promise<void>,
): Promise<void> {
  const pids = contenders.flatMap((contender) => (contender.shared === true ? [] : contender.pids))
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

/** Returns a contender that receives the given load in its turns. */
export function loaded(target: LoadTarget): Contender {
  return { ...target, turn: (pace) => runLoad(target, pace) }
}

/** Runs one turn, with the load generator in a separate process. Throws if a request fails. */
export async function runLoad(target: LoadTarget, pace: Pace): Promise<Measurement> {
  const { requests, pids, ports, tls, once, reconnect } = target
  using folder = new BenchFolder()
  const path = folder.file('requests')
  writeRequests(path, await requests())
  const options: LoadOptions = {
    ports,
    tls,
    requests: path,
    ...pace,
    ...(once !== undefined && { once }),
    ...(reconnect !== undefined && { reconnect }),
  }
  const before = cpuSecondsOf(pids)
  const load = join(import.meta.dirname, 'load.ts')
  const { stdout } = await run(process.execPath, [load, JSON.stringify(options)])
  const cpuSeconds = cpuSecondsOf(pids) - before
  const result = JSON.parse(stdout) as LoadResult
  if (result.failed > 0)
    throw new Error(
      `${target.name}: a request failed: ${result.firstFailure ?? 'the connection was closed'}`,
    )
  return { ...result, cpu: (cpuSeconds / result.succeeded) * 1e6 }
}

/** Prints the current step to standard error. */
export function progress(step: string): void {
  process.stderr.write(`${new Date().toTimeString().slice(0, 8)} ${step}\n`)
}

/** Returns the URL of a listener on this machine. */
export function addressOf(url: string): Pick<LoadTarget, 'ports' | 'tls'> {
  const { protocol, port } = new URL(url)
  return { ports: [Number(port)], tls: protocol === 'https:' }
}

export function rateOf({ succeeded, seconds }: LoadResult): number {
  return succeeded / seconds
}

/** Returns the median of an unsorted list of numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2
}

/** Returns the median ratio of the two rates over all turns. */
export function ratioOf(own: readonly LoadResult[], other: readonly LoadResult[]): number {
  return median(
    own.flatMap((result, turn) => {
      const otherResult = other[turn]
      return otherResult === undefined ? [] : [rateOf(result) / rateOf(otherResult)]
    }),
  )
}
