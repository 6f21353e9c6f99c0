/** The figures to reach, and which of them a run has reached. They apply to 64 connections. */
import { markdownTable } from './table.ts'
import { median, ratioOf, type Row } from './turns.ts'

const issueP256 = 'IssueCertificate, P-256 CA, P-256 CSR'
const issueRsa = 'IssueCertificate, RSA-2048 CA, P-256 CSR'

/** Names of contenders that targets are about. */
export const names = {
  cfssl: 'CFSSL',
  cfsslStored: 'CFSSL, HMAC and SQLite',
  rawCrypto: 'raw crypto',
  emptyHandler: 'empty handler',
  before: 'before',
  noneStored: '0 stored',
} as const

/** The least ratio of the rates of Signet and of another contender. */
const leastRatios: readonly (readonly [what: string, against: string, ratio: number])[] = [
  [issueP256, names.cfsslStored, 2],
  [issueP256, names.cfssl, 1.2],
  [issueRsa, names.cfsslStored, 3.2],
  [issueRsa, names.cfssl, 2.5],
  ['IssueCertificate, ML-DSA-65 CA, P-256 CSR', names.rawCrypto, 0.75],
  ['GetCertificate, 300 certificates', names.emptyHandler, 0.6],
  ['GetCertificate, 100 000 certificates', names.emptyHandler, 0.5],
  ['OCSP, cached', names.emptyHandler, 0.75],
  ['ListCertificateAuthorities, 10 on a page', names.before, 1.5],
  ['RevokeCertificate', names.before, 1.5],
  ['DescribeCertificateAuthority', names.before, 1.5],
]

const anyStored = /^\w+, [\d ]+ stored$/

export function leastRatio({ what, connections }: Row, against: string): number | undefined {
  if (connections !== 64) return undefined
  if (against === names.noneStored && anyStored.test(what)) return 1
  return leastRatios.find((one) => one[0] === what && one[1] === against)?.[2]
}

/** Microseconds of CPU time per request, at most. */
export function mostCpu({ what, connections }: Row): number | undefined {
  return what === issueP256 && connections === 64 ? 280 : undefined
}

/** Milliseconds of the 99th percentile at half load, at most. */
export const mostHalfP99 = 25
/** Seconds to the first response, and to the CRL of a million entries, at most. */
export const mostStartSeconds = 1.6
export const mostCrlSeconds = 2.4

/** One figure that has a target. */
export interface Check {
  readonly figure: string
  readonly value: number
  readonly least?: number
  readonly most?: number
}

function checksOf(row: Row): Check[] {
  const { what, connections, signet, half, against } = row
  const ratios = against.flatMap(({ name, results }) => {
    const least = leastRatio(row, name)
    return least === undefined
      ? []
      : [{ figure: `${what} / ${name}`, value: ratioOf(signet, results), least }]
  })
  const most = mostCpu(row)
  const cpu = median(signet.map((one) => one.cpu))
  const p99 = median(half.map(({ latency }) => latency.p99))
  if (connections !== 64) return []
  return [
    ...ratios,
    ...(most === undefined ? [] : [{ figure: `${what}: CPU, µs`, value: cpu, most }]),
    { figure: `${what}: p99 at half load, ms`, value: p99, most: mostHalfP99 },
  ]
}

/** The targets of rows and others, with what was reached. */
export function targetsTable(rows: readonly Row[], others: readonly Check[]): string {
  const checks = [...rows.flatMap(checksOf), ...others]
  return markdownTable(
    ['figure', 'target', 'reached', 'met'],
    checks.map(({ figure, value, least, most }) => [
      figure,
      least === undefined ? `≤ ${most}` : `≥ ${least}`,
      value < 10 ? value.toFixed(2) : value.toFixed(0),
      (least === undefined ? value <= (most ?? Infinity) : value >= least) ? 'yes' : 'no',
    ]),
  )
}
