/**
 * The project's yardstick: what a server does in a second, each figure beside a peer or a floor in the same run. Signed
 * requests through the real listener, durable, to a process as `signet serve` runs it.
 *
 * Prints tables for docs/benchmarks.md, and writes the plot beside it. `--help` shows the flags.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startServer } from '../test/support/process.ts'
import { benchCalls, prepareSubject } from './calls.ts'
import { csrsOf } from './csrs.ts'
import { benchIssue } from './issue.ts'
import { loadAverages, machineLine, memoryOf } from './machine.ts'
import { startMoto } from './moto.ts'
import { benchOcsp } from './ocsp.ts'
import { help, readFlags, type Flags } from './options.ts'
import { plotOf } from './plot.ts'
import { scaleTable } from './scale.ts'
import { searchTable } from './search.ts'
import { stepsTable } from './steps.ts'
import { benchStored, roomy, shownCount } from './stored.ts'
import { tableOf } from './table.ts'
import type { Row } from './turns.ts'

function print(title: string, text: string): void {
  process.stdout.write(`## ${title}\n\n${text}\n\n`)
}

/** Rows of the parts that need one server, nearly empty, and a line about its memory. */
async function benchServer({ options, only }: Flags): Promise<[Row[], string]> {
  const data = await mkdtemp(join(tmpdir(), 'signet-bench-'))
  const server = await startServer(data, [...roomy, ...options.serverFlags])
  const moto = await startMoto()
  try {
    const atStart = memoryOf(server.child.pid ?? 0).now
    const rows: Row[] = []
    const { url, publicUrl } = server
    if (only.has('issue')) rows.push(...(await benchIssue({ url, data, moto }, options)))
    if (['get', 'revoke', 'list', 'mixed'].some((part) => only.has(part as never))) {
      const subject = await prepareSubject(server, data, options)
      rows.push(...(await benchCalls({ subject, moto, only }, options)))
    }
    if (only.has('ocsp')) {
      const [csr = ''] = await csrsOf('P-256', options.csrs)
      rows.push(...(await benchOcsp({ url, publicUrl, data, csr }, options)))
    }
    const { now, peak } = memoryOf(server.child.pid ?? 0)
    const [first, last, most] = [atStart, now, peak].map((bytes) => (bytes / 1e6).toFixed(0))
    return [
      rows,
      `Memory of all server processes: ${first} MB at the start, ${last} MB after all load, ${most} MB at most.`,
    ]
  } finally {
    moto?.stop()
    await server.stop('SIGTERM')
    await rm(data, { recursive: true })
  }
}

async function main(flags: Flags): Promise<void> {
  const { options, only } = flags
  const machine = machineLine(loadAverages())
  const { connections, turns, seconds, csrs, serverFlags } = options
  const how = `${connections} connections, ${turns} turns of ${seconds} s, ${csrs} different CSRs`
  const given = serverFlags.length === 0 ? '' : `; server flags ${serverFlags.join(' ')}`
  process.stdout.write(`${machine}; ${how}${given}.\n\n`)
  if (options.quick) process.stdout.write('A quick run: the figures mean nothing.\n\n')
  const onServer = ['issue', 'get', 'revoke', 'list', 'mixed', 'ocsp'] as const
  if (onServer.some((part) => only.has(part))) {
    const [rows, memory] = await benchServer(flags)
    print('Whole requests', `${tableOf(rows)}\n\n${memory}`)
  }
  if (only.has('stored')) {
    const { rows, table, lines } = await benchStored(flags.stored, options)
    print('Stored certificates', `${tableOf(rows)}\n\n${table}`)
    const plot = plotOf(lines, 'Requests a second by stored certificates')
    if (flags.plot !== undefined)
      await writeFile(resolve(import.meta.dirname, '..', flags.plot), plot)
  }
  if (only.has('scale'))
    print(`${shownCount(flags.scale)} revoked certificates`, await scaleTable(flags.scale))
  if (only.has('search')) {
    const count = Math.max(...flags.stored)
    print(`Search among ${shownCount(count)} certificates`, await searchTable(count, options))
  }
  if (only.has('steps')) print('Steps of an issuance', await stepsTable(options.quick))
}

if (process.argv.includes('--help')) process.stdout.write(help)
else await main(readFlags(process.argv.slice(2)))
