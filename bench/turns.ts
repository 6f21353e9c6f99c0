/** Signet, its peers and its floors under the same load in turns, so that a machine that slows down does it to all. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { writeRequests } from './load-file.ts'
import type { LoadOrder, LoadResult } from './load.ts'
import type { BenchOptions } from './options.ts'

const run = promisify(execFile)

/** What is sent to whom. */
export interface LoadTarget extends Pick<LoadOrder, 'host' | 'port' | 'once' | 'reconnect'> {
  /** Whole requests, made anew for each turn: a signature is good for five minutes. */
  readonly requests: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>
}

/** Who takes a turn. */
export interface Contender {
  readonly name: string
  turn(seconds: number): Promise<LoadResult>
}

export interface Against extends Contender {
  /** The ratio to reach. */
  readonly target?: number
}

export interface Row {
  readonly what: string
  readonly signet: readonly LoadResult[]
  /** Open loop at half of the median rate. */
  readonly half: LoadResult
  readonly against: readonly {
    readonly name: string
    readonly target: number | undefined
    readonly results: readonly LoadResult[]
  }[]
}

/** One row: Signet and those that it is compared with in turns, then Signet at half of its rate. */
export async function compare(
  what: string,
  { signet, against }: { readonly signet: LoadTarget; readonly against: readonly Against[] },
  options: BenchOptions,
): Promise<Row> {
  progress(what)
  const own = { name: 'Signet', turn: (seconds: number) => runLoad(signet, options, { seconds }) }
  const [results = [], ...others] = await takeTurns([own, ...against], options)
  return {
    what,
    signet: results,
    half: await runLoad(signet, options, { seconds: options.seconds, rate: halfRate(results) }),
    against: against.map(({ name, target }, index) => ({
      name,
      target,
      results: others[index] ?? [],
    })),
  }
}

/** The results of each contender, after a warm-up. */
export async function takeTurns(
  contenders: readonly Contender[],
  { turns, seconds, warmUpSeconds }: BenchOptions,
): Promise<LoadResult[][]> {
  if (warmUpSeconds > 0) for (const contender of contenders) await contender.turn(warmUpSeconds)
  const results: LoadResult[][] = contenders.map(() => [])
  for (let turn = 0; turn < turns; turn += 1)
    for (const [index, contender] of contenders.entries())
      results[index]?.push(await contender.turn(seconds))
  return results
}

/** Somebody else under the same load. */
export function loaded(
  name: string,
  load: LoadTarget,
  { options, target }: { readonly options: BenchOptions; readonly target?: number },
): Against {
  const turn = (seconds: number): Promise<LoadResult> => runLoad(load, options, { seconds })
  return { name, turn, ...(target !== undefined && { target }) }
}

/** One turn in a process of its own. Throws if anything is refused. */
export async function runLoad(
  { requests, host, port, once, reconnect }: LoadTarget,
  { connections }: Pick<BenchOptions, 'connections'>,
  pace: { readonly seconds: number; readonly rate?: number },
): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), 'signet-bench-load-'))
  try {
    const path = join(folder, 'requests')
    writeRequests(path, await requests())
    const order: LoadOrder = {
      host,
      port,
      requests: path,
      connections,
      ...pace,
      ...(once !== undefined && { once }),
      ...(reconnect !== undefined && { reconnect }),
    }
    const load = join(import.meta.dirname, 'load.ts')
    const { stdout } = await run(process.execPath, [load, JSON.stringify(order)])
    const result = JSON.parse(stdout) as LoadResult
    if (result.refused > 0) throw new Error(`refused: ${result.firstRefusal ?? ''}`)
    return result
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Says on standard error what is being done now. */
export function progress(what: string): void {
  process.stderr.write(`${new Date().toTimeString().slice(0, 8)} ${what}\n`)
}

/** Where a listener is. */
export function addressOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port) }
}

export function rateOf({ answered, seconds }: LoadResult): number {
  return answered / seconds
}

/** Of numbers in any order. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2
}

export function halfRate(results: readonly LoadResult[]): number {
  return median(results.map(rateOf)) / 2
}
