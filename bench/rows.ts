/** Formats the table of request rates. Each row has a line for Signet and a line for every other contender. */
import { markdownTable } from './table.ts'
import { cpuMax, halfLoadP99Max, ratioMin } from './targets.ts'
import { median, rateOf, ratioOf, type Measurement, type Row } from './turns.ts'

export function tableOf(rows: readonly Row[]): string {
  return markdownTable(
    [
      'what',
      'contender',
      'rate, /s (min–max)',
      'CPU per request, µs',
      'p50 / p99, ms',
      `p50 / p99 at half load, ms (p99 ≤ ${halfLoadP99Max})`,
      'first / contender (target)',
    ],
    rows.flatMap(linesOf),
  )
}

function linesOf(row: Row): string[][] {
  const { title, connections, signet, half, others } = row
  const max = cpuMax(row)
  const [rate = '', cpu = '', latency = ''] = cellsOf(signet)
  const shownCpu = max === undefined ? cpu : `${cpu} (≤ ${max})`
  const name = connections === 64 ? title : `${title}, ${connections} connections`
  return [
    [name, row.name, rate, shownCpu, latency, latencyOf(half), '–'],
    ...others.map((other) => {
      const ratio = ratioOf(signet, other.results).toFixed(2)
      const min = ratioMin(row, other.name)
      const shown = min === undefined ? ratio : `${ratio} (≥ ${min})`
      return ['', other.name, ...cellsOf(other.results), '–', shown]
    }),
  ]
}

/** Returns the medians over all turns, and the range of request rates. */
function cellsOf(results: readonly Measurement[]): string[] {
  const rates = results.map(rateOf)
  const range = `${Math.min(...rates).toFixed(0)}–${Math.max(...rates).toFixed(0)}`
  return [
    `${median(rates).toFixed(0)} (${range})`,
    median(results.map(({ cpu }) => cpu)).toFixed(0),
    latencyOf(results),
  ]
}

function latencyOf(results: readonly Measurement[]): string {
  const milliseconds = (quantile: 'median' | 'p99'): string =>
    median(results.map(({ latency }) => latency[quantile])).toFixed(1)
  return `${milliseconds('median')} / ${milliseconds('p99')}`
}

/** Formats a number with its digits in groups of three. */
export function shownCount(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ' ')
}
