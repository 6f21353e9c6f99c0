/** Signet and its peers under the same load in turns, and how the figures are shown. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { LoadOrder, LoadResult } from './load.ts'

const run = promisify(execFile)

/** What is sent to whom. */
export type LoadTarget = Pick<LoadOrder, 'host' | 'port' | 'request' | 'reconnect'>

export interface BenchOptions {
  /** Of each turn. */
  readonly seconds: number
  readonly turns: number
  readonly connections: number
}

export interface Row {
  readonly what: string
  readonly signet: readonly LoadResult[]
  readonly peer: readonly LoadResult[]
  readonly peerName: string | undefined
}

export interface NamedPeer {
  readonly name: string
  readonly target: LoadTarget
}

/** In turns, so that a machine that slows down does it to both. */
export async function compare(
  what: string,
  { signet, peer }: { readonly signet: LoadTarget; readonly peer: NamedPeer | undefined },
  options: BenchOptions,
): Promise<Row> {
  const row = { signet: [] as LoadResult[], peer: [] as LoadResult[] }
  await measure(signet, { ...options, seconds: 2 })
  if (peer !== undefined) await measure(peer.target, { ...options, seconds: 2 })
  for (let turn = 0; turn < options.turns; turn += 1) {
    row.signet.push(await measure(signet, options))
    if (peer !== undefined) row.peer.push(await measure(peer.target, options))
  }
  return { what, peerName: peer?.name, ...row }
}

async function measure(
  target: LoadTarget,
  { connections, seconds }: BenchOptions,
): Promise<LoadResult> {
  const argument = JSON.stringify({ ...target, connections, seconds } satisfies LoadOrder)
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'load.ts'), argument])
  const result = JSON.parse(stdout) as LoadResult
  if (result.refused > 0) throw new Error(`refused: ${result.firstRefusal ?? ''}`)
  return result
}

/** One request, sent to a listener. */
export function targetAt(url: string, request: Buffer): LoadTarget {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port), request: request.toString('base64') }
}

function rates(results: readonly LoadResult[]): number[] {
  return results.map((result) => result.answered / result.seconds).toSorted((a, b) => a - b)
}

/** Of sorted numbers. */
function median(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function shown(results: readonly LoadResult[]): string {
  if (results.length === 0) return '–'
  const sorted = rates(results)
  return `${median(sorted).toFixed(0)} (${sorted[0]?.toFixed(0)}–${sorted.at(-1)?.toFixed(0)})`
}

/** A table in Markdown. */
export function tableOf(rows: readonly Row[]): string {
  return [
    '| what | Signet, per second | ms, median / p99 | peer, per second | ratio |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(lineOf),
  ].join('\n')
}

function lineOf({ what, signet, peer, peerName }: Row): string {
  const ratios = signet
    .map((result, turn) => {
      const other = peer[turn]
      return other && result.answered / result.seconds / (other.answered / other.seconds)
    })
    .filter((ratio) => ratio !== undefined)
    .toSorted((a, b) => a - b)
  const ratio = ratios.length === 0 ? '–' : median(ratios).toFixed(2)
  const latency = (q: 'median' | 'p99'): string =>
    median(signet.map((result) => result.latency[q]).toSorted((a, b) => a - b)).toFixed(1)
  const other = peerName === undefined ? '–' : `${peerName} ${shown(peer)}`
  return `| ${what} | ${shown(signet)} | ${latency('median')} / ${latency('p99')} | ${other} | ${ratio} |`
}
