/** The table of rates: a line for Signet, and one for each contender that it is compared with. */
import { markdownTable } from './table.ts'
import { leastRatio, mostCpu, mostHalfP99 } from './targets.ts'
import { median, rateOf, ratioOf, type Measurement, type Row } from './turns.ts'

export function tableOf(rows: readonly Row[]): string {
  return markdownTable(
    [
      'what',
      'contender',
      'rate, /s (min–max)',
      'CPU per request, µs',
      'p50 / p99, ms',
      `p50 / p99 at half load, ms (p99 ≤ ${mostHalfP99})`,
      'first / contender (target)',
    ],
    rows.flatMap(linesOf),
  )
}

function linesOf(row: Row): string[][] {
  const { what, connections, signet, half, against } = row
  const most = mostCpu(row)
  const [rate = '', cpu = '', latency = ''] = cellsOf(signet)
  const shownCpu = most === undefined ? cpu : `${cpu} (≤ ${most})`
  const name = connections === 64 ? what : `${what}, ${connections} connections`
  return [
    [name, row.name, rate, shownCpu, latency, latencyOf(half), '–'],
    ...against.map((other) => {
      const ratio = ratioOf(signet, other.results).toFixed(2)
      const least = leastRatio(row, other.name)
      const shown = least === undefined ? ratio : `${ratio} (≥ ${least})`
      return ['', other.name, ...cellsOf(other.results), '–', shown]
    }),
  ]
}

/** Medians of the turns; of rates the lowest and highest, too. */
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
  const of = (quantile: 'median' | 'p99'): string =>
    median(results.map(({ latency }) => latency[quantile])).toFixed(1)
  return `${of('median')} / ${of('p99')}`
}

/** A count in groups of three digits. */
export function shownCount(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ' ')
}
