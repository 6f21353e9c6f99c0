/** Command-line flags of the benchmark. */
import { parseArgs } from 'node:util'
import type { CertificateFiles } from '../test/support/tls.ts'

const parts = [
  'issue',
  'get',
  'describe',
  'list',
  'revoke',
  'mixed',
  'ocsp',
  'stored',
  'scale',
  'search',
  'nodes',
  'writers',
  'acme',
] as const

export type Part = (typeof parts)[number]

/** Test conditions for each comparison. */
export interface BenchOptions {
  /** Duration of each turn. */
  readonly seconds: number
  /** Duration of the warm-up load on each contender before its first turn. */
  readonly warmUpSeconds: number
  readonly turns: number
  /** Numbers of connections in the measurements; each number has its own table row. */
  readonly connections: readonly number[]
  /** Number of different CSRs. */
  readonly csrs: number
  /** Additional flags of `signet serve`. */
  readonly serverFlags: readonly string[]
  /** Path of another checkout of Signet to measure in the same turns. */
  readonly before: string | undefined
  /** Number of cores that each contender may use; undefined for all cores. */
  readonly cores: number | undefined
  /** Certificate for the API listener and the contenders' listeners; undefined if the listeners use plain HTTP. */
  readonly tls: CertificateFiles | undefined
  /** Whether the run is only a smoke test. */
  readonly quick: boolean
}

export interface Flags {
  readonly options: Omit<BenchOptions, 'tls'>
  readonly tls: boolean
  readonly only: ReadonlySet<Part>
  /** Numbers of certificates to store before the measurement. */
  readonly stored: readonly number[]
  /** Number of certificates issued by the CA for the `scale` benchmark, which revokes all of them. */
  readonly scale: number
}

export const help = `npm run bench -- [flags]
  --only NAME,…          parts: ${parts.join(', ')}
  --before PATH          another checkout of Signet with its node_modules, measured in the same turns
                         (except in search, nodes, writers and acme)
  --seconds N            length of each turn (5)
  --turns N              turns of each contender (5)
  --warm-up N            seconds of load before the first turn of each contender (15)
  --connections N,…      one row for each number (64)
  --cores N              cores that each contender may use (all); needs taskset
  --tls                  use TLS for the API and the peers
  --csrs N               number of different CSRs, sent in rotation (1000)
  --stored N,…           numbers of stored certificates (0,1000000); search uses the largest
  --scale N              number of revoked certificates of one CA (1000000)
  --server-flags="…"     additional flags of signet serve
  --quick                test in seconds that everything runs; the results are not meaningful
`

/** Parses the benchmark's command line. Throws an Error for an invalid flag. */
export function readFlags(args: readonly string[]): Flags {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: parts.join(',') },
      before: text,
      seconds: text,
      turns: text,
      'warm-up': text,
      connections: text,
      cores: text,
      tls: { type: 'boolean', default: false },
      csrs: text,
      stored: text,
      scale: text,
      'server-flags': { type: 'string', default: '' },
      quick: { type: 'boolean', default: false },
    },
  })
  const { quick, cores, connections, tls } = values
  const numberOf = (flag: string | undefined, usual: number, small: number): number =>
    flag === undefined ? (quick ? small : usual) : positive(flag)
  return {
    options: {
      seconds: numberOf(values.seconds, 5, 0.2),
      warmUpSeconds: quick ? 0 : Number(values['warm-up'] ?? 15),
      turns: numberOf(values.turns, 5, 1),
      connections: (connections ?? (quick ? '4' : '64')).split(',').map(positive),
      csrs: numberOf(values.csrs, 1000, 8),
      serverFlags: values['server-flags'].split(/\s+/).filter((flag) => flag !== ''),
      before: values.before,
      cores: cores === undefined ? undefined : positive(cores),
      quick,
    },
    tls,
    only: new Set(values.only.split(',').map(partOf)),
    stored: (values.stored ?? (quick ? '0,2000' : '0,1000000')).split(',').map(Number),
    scale: numberOf(values.scale, 1_000_000, 2000),
  }
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`${text} is not a positive number`)
  return value
}

function partOf(name: string): Part {
  const part = parts.find((one) => one === name)
  if (part === undefined) throw new Error(`${name} is not one of ${parts.join(', ')}`)
  return part
}
