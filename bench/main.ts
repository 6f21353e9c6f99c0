/**
 * IssueCertificate and GetCertificate per second: signed requests through the real listener, durable, in a process as
 * `signet serve` runs it. CFSSL signs in the same run, turn by turn, where it is installed.
 *
 * Prints a table for docs/benchmarks.md. Flags: --seconds N (each turn), --turns N, --connections N.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { startServer, type ServerProcess } from '../test/support/process.ts'
import { hasCfssl, startCfssl, type Peer } from './cfssl.ts'
import type { LoadOrder, LoadResult } from './load.ts'
import { stepsTable } from './steps.ts'
import { prepareTarget, type Target } from './target.ts'

const run = promisify(execFile)
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    turns: { type: 'string', default: '5' },
    connections: { type: 'string', default: '32' },
  },
})
const seconds = Number(values.seconds)
const turns = Number(values.turns)
const connections = Number(values.connections)
const cfsslPort = 18_888

interface Row {
  readonly what: string
  readonly signet: readonly LoadResult[]
  readonly cfssl: readonly LoadResult[]
}

async function measure(
  order: Omit<LoadOrder, 'connections' | 'seconds'>,
  duration = seconds,
): Promise<LoadResult> {
  const argument = JSON.stringify({ ...order, connections, seconds: duration })
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'load.ts'), argument])
  const result = JSON.parse(stdout) as LoadResult
  if (result.refused > 0) throw new Error(`refused: ${result.firstRefusal ?? ''}`)
  return result
}

/** In turns, so that a machine that slows down does it to both. */
async function compare(
  what: string,
  signet: LoadTarget,
  cfssl: LoadTarget | undefined,
): Promise<Row> {
  const rows = { what, signet: [] as LoadResult[], cfssl: [] as LoadResult[] }
  await measure(signet, 2)
  if (cfssl !== undefined) await measure(cfssl, 2)
  for (let turn = 0; turn < turns; turn += 1) {
    rows.signet.push(await measure(signet))
    if (cfssl !== undefined) rows.cfssl.push(await measure(cfssl))
  }
  return rows
}

type LoadTarget = Omit<LoadOrder, 'connections' | 'seconds'>

function targetAt(url: string, request: Buffer): LoadTarget {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port), request: request.toString('base64') }
}

function peerTarget(peer: Peer, csr: string): LoadTarget {
  return { host: peer.host, port: peer.port, request: peer.signRequest(csr).toString('base64') }
}

async function benchKey(
  server: ServerProcess,
  data: string,
  key: {
    readonly name: string
    readonly keyAlgorithm: string
    readonly cfssl: { algo: 'ecdsa' | 'rsa'; size: number }
  },
): Promise<Row[]> {
  const csr = await readFile(join(import.meta.dirname, '../testdata/csr/ec-server.pem'), 'utf8')
  const target: Target = await prepareTarget(server.url, data, {
    keyAlgorithm: key.keyAlgorithm,
    csr,
  })
  const peer = (await hasCfssl()) ? await startCfssl(data, key.cfssl, cfsslPort) : undefined
  try {
    const issue = await compare(
      `IssueCertificate, ${key.name} CA`,
      targetAt(server.url, target.issueRequest()),
      peer && peerTarget(peer, csr),
    )
    const get = await compare(
      `GetCertificate, ${key.name} CA`,
      targetAt(server.url, target.getRequest()),
      undefined,
    )
    return [issue, get]
  } finally {
    peer?.stop()
  }
}

function rates(results: readonly LoadResult[]): number[] {
  return results.map((result) => result.answered / result.seconds).toSorted((a, b) => a - b)
}

function median(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function shown(results: readonly LoadResult[]): string {
  if (results.length === 0) return '–'
  const sorted = rates(results)
  return `${median(sorted).toFixed(0)} (${sorted[0]?.toFixed(0)}–${sorted.at(-1)?.toFixed(0)})`
}

function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ what, signet, cfssl }) => {
    const ratios = signet
      .map((result, turn) => {
        const peer = cfssl[turn]
        return peer && result.answered / result.seconds / (peer.answered / peer.seconds)
      })
      .filter((ratio) => ratio !== undefined)
      .toSorted((a, b) => a - b)
    const ratio = ratios.length === 0 ? '–' : median(ratios).toFixed(2)
    const latency = (q: 'median' | 'p99'): string =>
      median(signet.map((result) => result.latency[q]).toSorted((a, b) => a - b)).toFixed(1)
    return `| ${what} | ${shown(signet)} | ${latency('median')} / ${latency('p99')} | ${shown(cfssl)} | ${ratio} |`
  })
  return [
    '| what | Signet, per second | ms, median / p99 | CFSSL, per second | ratio |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n')
}

process.stdout.write(`Steps of an issuance\n\n${await stepsTable()}\n\n`)
const data = await mkdtemp(join(tmpdir(), 'signet-bench-'))
const server = await startServer(data)
try {
  const rows = [
    ...(await benchKey(server, data, {
      name: 'P-256',
      keyAlgorithm: 'EC_prime256v1',
      cfssl: { algo: 'ecdsa', size: 256 },
    })),
    ...(await benchKey(server, data, {
      name: 'RSA-2048',
      keyAlgorithm: 'RSA_2048',
      cfssl: { algo: 'rsa', size: 2048 },
    })),
  ]
  const [cpu] = cpus()
  process.stdout.write(
    `${cpus().length} × ${cpu?.model ?? 'unknown processor'}, Node.js ${process.version}; ` +
      `${connections} connections, ${turns} turns of ${seconds} s; load generator on the same machine; ` +
      `median of turns (lowest–highest), ratio turn by turn.\n\n${tableOf(rows)}\n`,
  )
} finally {
  await server.stop('SIGTERM')
  await rm(data, { recursive: true })
}
