/** How the figures are shown: tables in Markdown. */
import type { LoadResult } from './load.ts'
import { median, rateOf, type Row } from './turns.ts'

/** Median of the turns, and lowest and highest. */
function shownRates(results: readonly LoadResult[]): string {
  const rates = results.map(rateOf)
  const spread = `${Math.min(...rates).toFixed(0)}–${Math.max(...rates).toFixed(0)}`
  return `${median(rates).toFixed(0)} (${spread})`
}

/** Median of the ratios of each turn. */
function ratioOf(own: readonly LoadResult[], other: readonly LoadResult[]): number {
  return median(
    own.flatMap((result, turn) => {
      const beside = other[turn]
      return beside === undefined ? [] : [rateOf(result) / rateOf(beside)]
    }),
  )
}

export function tableOf(rows: readonly Row[]): string {
  return markdownTable(
    [
      'what',
      'Signet /s (min–max)',
      'p50 / p99, ms',
      'at half load p50 / p99, ms',
      'peer or floor /s (min–max)',
      'ratio (target)',
    ],
    rows.map(cellsOf),
  )
}

/** Any table. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function cellsOf({ what, signet, half, against }: Row): string[] {
  const ofTurns = (quantile: 'median' | 'p99'): string =>
    median(signet.map(({ latency }) => latency[quantile])).toFixed(1)
  const none = against.length === 0 ? '–' : ''
  return [
    what,
    shownRates(signet),
    `${ofTurns('median')} / ${ofTurns('p99')}`,
    `${half.latency.median.toFixed(1)} / ${half.latency.p99.toFixed(1)}`,
    none + against.map(({ name, results }) => `${name} ${shownRates(results)}`).join('<br>'),
    none +
      against
        .map(({ target, results }) => {
          const ratio = ratioOf(signet, results).toFixed(2)
          return target === undefined ? ratio : `${ratio} (≥ ${target})`
        })
        .join('<br>'),
  ]
}
