/** Flags of the bench. */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

const parts = [
  'issue',
  'get',
  'revoke',
  'list',
  'mixed',
  'ocsp',
  'stored',
  'scale',
  'search',
  'steps',
] as const

export type Part = (typeof parts)[number]

/** How each comparison is made. */
export interface BenchOptions {
  /** Of each turn. */
  readonly seconds: number
  /** Before the first turn; none if 0. */
  readonly warmUpSeconds: number
  readonly turns: number
  readonly connections: number
  /** Different CSRs. */
  readonly csrs: number
  /** Further flags of `signet serve`. */
  readonly serverFlags: readonly string[]
  /** Processes of the empty HTTP handler: as many as serve in the server. */
  readonly processes: number
  /** A run that shows only that everything runs. */
  readonly quick: boolean
}

export interface Flags {
  readonly options: BenchOptions
  readonly only: ReadonlySet<Part>
  /** Numbers of certificates to be stored beforehand. */
  readonly stored: readonly number[]
  /** Certificates of the CA of which everything is revoked. */
  readonly scale: number
  /** Where the plot goes; undefined for none. */
  readonly plot: string | undefined
}

export const help = `npm run bench -- [flags]
  --only NAME,…          parts: ${parts.join(', ')}
  --seconds N            of each turn (5)
  --turns N              (5)
  --warm-up N            seconds of load before the first turn of each (15)
  --connections N        (64)
  --csrs N               different CSRs in rotation (1000)
  --stored N,…           certificates stored beforehand (0,1000000)
  --scale N              revoked certificates of one CA (1000000)
  --server-flags "…"     further flags of signet serve
  --plot FILE            where the plot goes (docs/rate-by-stored.svg)
  --quick                shows in seconds that everything runs; its figures mean nothing
`

/** Reads the command line. Throws an Error that says what is wrong with it. */
export function readFlags(args: readonly string[]): Flags {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: parts.join(',') },
      seconds: { type: 'string' },
      turns: { type: 'string' },
      'warm-up': { type: 'string' },
      connections: { type: 'string' },
      csrs: { type: 'string' },
      stored: { type: 'string' },
      scale: { type: 'string' },
      'server-flags': { type: 'string', default: '' },
      plot: { type: 'string' },
      quick: { type: 'boolean', default: false },
    },
  })
  const { quick } = values
  const either = (text: string | undefined, usual: number, small: number): number => {
    const value = text === undefined ? (quick ? small : usual) : Number(text)
    if (!(value > 0)) throw new Error(`${text} is not a number above 0`)
    return value
  }
  const serverFlags = values['server-flags'].split(/\s+/).filter((flag) => flag !== '')
  return {
    options: {
      seconds: either(values.seconds, 5, 0.2),
      warmUpSeconds: quick ? 0 : either(values['warm-up'], 15, 0),
      turns: either(values.turns, 5, 1),
      connections: either(values.connections, 64, 4),
      csrs: either(values.csrs, 1000, 8),
      serverFlags,
      processes: workersOf(serverFlags),
      quick,
    },
    only: new Set(values.only.split(',').map(partOf)),
    stored: (values.stored ?? (quick ? '0,2000' : '0,1000000')).split(',').map(Number),
    scale: either(values.scale, 1_000_000, 2000),
    plot: values.plot ?? (quick ? undefined : 'docs/rate-by-stored.svg'),
  }
}

function partOf(name: string): Part {
  const part = parts.find((one) => one === name)
  if (part === undefined) throw new Error(`${name} is none of ${parts.join(', ')}`)
  return part
}

/** As the server has by default: one for each core. */
function workersOf(serverFlags: readonly string[]): number {
  const found = /(?:^| )--workers[ =](\d+)/.exec(serverFlags.join(' '))?.[1]
  return Math.max(1, Number(found ?? availableParallelism()))
}
