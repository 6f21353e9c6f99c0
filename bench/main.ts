/**
 * Measures how many signed requests per second a `signet serve` process answers. Each result is compared with a peer or a
 * baseline in the same run. Writes are durable before the response, as in production.
 *
 * Prints the tables for docs/explanation/benchmarks*.md. `--help` shows the flags.
 */
import { readFile } from 'node:fs/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { makeCertificate } from '../test/support/tls.ts'
import { acmeTable } from './acme.ts'
import { BenchFolder, removeFolders } from './bench-folder.ts'
import { benchCalls } from './calls.ts'
import { benchIssue } from './issue.ts'
import { loadAverages, machineLine, memoryOf, signalTrees } from './machine.ts'
import { benchNodes } from './nodes.ts'
import { benchOcsp } from './ocsp.ts'
import { help, readFlags, type BenchOptions, type Flags, type Part } from './options.ts'
import { shownCount, tableOf } from './rows.ts'
import { scaleFigures } from './scale.ts'
import { searchTable } from './search.ts'
import { nodeVersionOf, treesOf, withPrepared } from './servers.ts'
import { benchStored } from './stored.ts'
import { targetsTable, type Check } from './targets.ts'
import type { Row } from './turns.ts'
import { writersTable } from './writers.ts'

function print(title: string, text: string | undefined): void {
  process.stdout.write(`## ${title}\n\n${text ?? 'PostgreSQL is not installed.'}\n\n`)
}

/** Number of stored certificates for the GetCertificate and RevokeCertificate benchmarks, half of them expired. */
const storedForCalls = 300_000

/**
 * Runs the benchmarks that use one server, and returns their table rows and the server's memory. Benchmarks of reads run
 * first, because they leave no background work behind.
 */
async function benchServer(
  only: ReadonlySet<Part>,
  options: BenchOptions,
): Promise<[Row[], string]> {
  const needsStock = (['get', 'revoke', 'mixed'] as const).some((part) => only.has(part))
  const count = needsStock ? (options.quick ? 2000 : storedForCalls) : 0
  const stocks = treesOf(options).map((tree) => ({ tree, count }))
  return withPrepared(stocks, options, async (prepared) => {
    const rows: Row[] = []
    const selected = (...parts: Part[]): Part[] => parts.filter((part) => only.has(part))
    rows.push(...(await benchCalls(prepared, selected('get', 'describe', 'list'), options)))
    if (only.has('ocsp')) rows.push(...(await benchOcsp(prepared, options)))
    rows.push(...(await benchCalls(prepared, selected('revoke', 'mixed'), options)))
    if (only.has('issue')) rows.push(...(await benchIssue(prepared, options)))
    const memory = prepared.map(({ name, memoryAtStart, server }) => {
      const { now, peak } = memoryOf(server.child.pid ?? 0)
      const [initial, final, maximum] = [memoryAtStart, now, peak].map((bytes) =>
        (bytes / 1e6).toFixed(0),
      )
      return `${name}: ${initial} MB at the start, ${final} MB after all load, peak ${maximum} MB.`
    })
    return [rows, `Memory of all server processes: ${memory.join(' ')}`]
  })
}

async function benchAll({ only, stored, scale }: Flags, options: BenchOptions): Promise<void> {
  const rows: Row[] = []
  const checks: Check[] = []
  const onServer = ['issue', 'get', 'describe', 'list', 'revoke', 'mixed', 'ocsp'] as const
  if (onServer.some((part) => only.has(part))) {
    const [own, memory] = await benchServer(only, options)
    rows.push(...own)
    print('Whole requests', `${tableOf(own)}\n\n${memory}`)
  }
  if (only.has('stored')) {
    const figures = await benchStored(stored, options)
    rows.push(...figures.rows)
    checks.push(...figures.checks)
    print('Stored certificates', `${tableOf(figures.rows)}\n\n${figures.table}`)
  }
  if (only.has('scale')) {
    const figures = await scaleFigures(scale, options)
    checks.push(...figures.checks)
    print(`${shownCount(scale)} revoked certificates`, figures.table)
  }
  if (only.has('search')) {
    const count = Math.max(...stored)
    print(`Search among ${shownCount(count)} certificates`, await searchTable(count, options))
  }
  if (only.has('nodes')) {
    const own = await benchNodes(options)
    print('Nodes on PostgreSQL', own.length === 0 ? undefined : tableOf(own))
  }
  if (only.has('acme')) print('ACME', await acmeTable(options))
  if (only.has('writers')) print('Transactions per second', await writersTable(options))
  if (rows.length + checks.length > 0) print('Targets', targetsTable(rows, checks))
}

async function main(flags: Flags): Promise<void> {
  const machine = machineLine(loadAverages())
  const { connections, turns, seconds, csrs, serverFlags, cores, quick } = flags.options
  const versions: string[] = []
  for (const tree of treesOf(flags.options))
    versions.push(`${tree.name} on Node.js ${await nodeVersionOf(tree)}`)
  const conditions = [
    `${connections.join(', ')} connections`,
    `${turns} turns of ${seconds} s`,
    `${csrs} different CSRs`,
    ...versions,
    ...(flags.tls ? ['over TLS'] : []),
    ...(cores === undefined ? [] : [`each contender on ${cores} core(s)`]),
    ...(serverFlags.length === 0 ? [] : [`server flags ${serverFlags.join(' ')}`]),
  ]
  process.stdout.write(`${machine}; ${conditions.join('; ')}.\n\n`)
  if (quick) process.stdout.write('This is a quick run; its results are not meaningful.\n\n')
  using folder = new BenchFolder()
  const tls = flags.tls ? await makeCertificate(folder.path, 'bench') : undefined
  if (tls !== undefined)
    setDefaultCACertificates([...getCACertificates(), await readFile(tls.cert, 'utf8')])
  await benchAll(flags, { ...flags.options, tls })
}

// The signal that ends this process does not end contenders suspended by SIGSTOP.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    signalTrees([process.pid], 'SIGKILL')
    removeFolders()
    process.exit(1)
  })

if (process.argv.includes('--help')) process.stdout.write(help)
else await main(readFlags(process.argv.slice(2)))
