/** Performance targets, and whether a benchmark run has met them. They apply to 64 connections. */
import { markdownTable } from './table.ts'
import { median, ratioOf, type Row } from './turns.ts'

const issueP256 = 'IssueCertificate, P-256 CA, P-256 CSR'
const issueRsa = 'IssueCertificate, RSA-2048 CA, P-256 CSR'

/** Names of contenders that targets refer to. */
export const names = {
  cfssl: 'CFSSL',
  cfsslStored: 'CFSSL, HMAC and SQLite',
  rawCrypto: 'raw crypto',
  emptyHandler: 'empty handler',
  before: 'before',
  noneStored: '0 stored',
} as const

/** Minimum ratios of Signet's rate to another contender's rate. */
const ratiosMin: readonly (readonly [title: string, other: string, ratio: number])[] = [
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

export function ratioMin({ title, connections }: Row, other: string): number | undefined {
  if (connections !== 64) return undefined
  if (other === names.noneStored && anyStored.test(title)) return 1
  return ratiosMin.find((target) => target[0] === title && target[1] === other)?.[2]
}

/** Maximum CPU time per request, in microseconds. */
export function cpuMax({ title, connections }: Row): number | undefined {
  return title === issueP256 && connections === 64 ? 280 : undefined
}

/** Maximum 99th percentile latency at half load, in milliseconds. */
export const halfLoadP99Max = 25
/** Maximum time from process start to the first response. */
export const startSecondsMax = 1.6
/** Maximum time for a CRL with a million entries. */
export const crlSecondsMax = 2.4

/** A measured value with its target. */
export interface Check {
  readonly figure: string
  readonly value: number
  readonly min?: number
  readonly max?: number
}

function checksOf(row: Row): Check[] {
  const { title, connections, signet, half, others } = row
  const ratios = others.flatMap(({ name, results }) => {
    const min = ratioMin(row, name)
    return min === undefined
      ? []
      : [{ figure: `${title} / ${name}`, value: ratioOf(signet, results), min }]
  })
  const max = cpuMax(row)
  const cpu = median(signet.map((result) => result.cpu))
  const p99 = median(half.map(({ latency }) => latency.p99))
  if (connections !== 64) return []
  return [
    ...ratios,
    ...(max === undefined ? [] : [{ figure: `${title}: CPU, µs`, value: cpu, max }]),
    { figure: `${title}: p99 at half load, ms`, value: p99, max: halfLoadP99Max },
  ]
}

/** Returns a table of all targets, the measured values, and whether each target was met. */
export function targetsTable(rows: readonly Row[], otherChecks: readonly Check[]): string {
  const checks = [...rows.flatMap(checksOf), ...otherChecks]
  return markdownTable(
    ['figure', 'target', 'reached', 'met'],
    checks.map(({ figure, value, min, max }) => [
      figure,
      min === undefined ? `≤ ${max}` : `≥ ${min}`,
      value < 10 ? value.toFixed(2) : value.toFixed(0),
      (min === undefined ? value <= (max ?? Infinity) : value >= min) ? 'yes' : 'no',
    ]),
  )
}
