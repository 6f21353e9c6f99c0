/** Flags of the bench. */
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
] as const

export type Part = (typeof parts)[number]

/** How each comparison is made. */
export interface BenchOptions {
  /** Length of each turn. */
  readonly seconds: number
  /** Load of each contender before its first turn; none if 0. */
  readonly warmUpSeconds: number
  readonly turns: number
  /** A row is measured with each of these numbers of connections. */
  readonly connections: readonly number[]
  /** Different CSRs. */
  readonly csrs: number
  /** Further flags of `signet serve`. */
  readonly serverFlags: readonly string[]
  /** Another checkout of Signet, measured in the same turns. */
  readonly before: string | undefined
  /** Number of cores that each contender may use; all if undefined. */
  readonly cores: number | undefined
  /** Certificate of the API listener and of the peers; plain HTTP if undefined. */
  readonly tls: CertificateFiles | undefined
  /** A run that only shows that everything works. */
  readonly quick: boolean
}

export interface Flags {
  readonly options: Omit<BenchOptions, 'tls'>
  readonly tls: boolean
  readonly only: ReadonlySet<Part>
  /** Numbers of certificates stored beforehand. */
  readonly stored: readonly number[]
  /** Certificates of the CA of which everything is revoked. */
  readonly scale: number
}

export const help = `npm run bench -- [flags]
  --only NAME,…          parts: ${parts.join(', ')}
  --before PATH          another checkout of Signet, with its node_modules, measured in the same turns;
                         not in search, nodes and writers
  --seconds N            length of each turn (5)
  --turns N              turns of each contender (5)
  --warm-up N            seconds of load before the first turn of each (15)
  --connections N,…      one row for each number (64)
  --cores N              cores that each contender may use (all); needs taskset
  --tls                  the API and its peers over TLS
  --csrs N               different CSRs in rotation (1000)
  --stored N,…           certificates stored beforehand (0,1000000); the largest is also that of search
  --scale N              revoked certificates of one CA (1000000)
  --server-flags="…"     further flags of signet serve
  --quick                shows in seconds that everything runs; its figures mean nothing
`

/** Reads the command line. Throws an Error that says what is wrong with it. */
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
  const either = (given: string | undefined, usual: number, small: number): number =>
    given === undefined ? (quick ? small : usual) : positive(given)
  return {
    options: {
      seconds: either(values.seconds, 5, 0.2),
      warmUpSeconds: quick ? 0 : Number(values['warm-up'] ?? 15),
      turns: either(values.turns, 5, 1),
      connections: (connections ?? (quick ? '4' : '64')).split(',').map(positive),
      csrs: either(values.csrs, 1000, 8),
      serverFlags: values['server-flags'].split(/\s+/).filter((flag) => flag !== ''),
      before: values.before,
      cores: cores === undefined ? undefined : positive(cores),
      quick,
    },
    tls,
    only: new Set(values.only.split(',').map(partOf)),
    stored: (values.stored ?? (quick ? '0,2000' : '0,1000000')).split(',').map(Number),
    scale: either(values.scale, 1_000_000, 2000),
  }
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`${text} is not a number above 0`)
  return value
}

function partOf(name: string): Part {
  const part = parts.find((one) => one === name)
  if (part === undefined) throw new Error(`${name} is none of ${parts.join(', ')}`)
  return part
}
