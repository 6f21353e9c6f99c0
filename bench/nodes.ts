/**
 * Benchmark of one, two and three servers that share a PostgreSQL database on this machine, and of one server with
 * SQLite.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { databaseUrl } from '../test/support/chosen-database.ts'
import { TestPostgres } from '../test/support/postgres.ts'
import type { ServerProcess } from '../test/support/process.ts'
import { BenchFolder } from './bench-folder.ts'
import { csrsOf } from './csrs.ts'
import type { BenchOptions } from './options.ts'
import { startTree, treesOf } from './servers.ts'
import { credentialsIn, prepareTarget } from './target.ts'
import { addressOf, compare, loaded, type LoadTarget, type Row } from './turns.ts'

/** Number of different certificates that GetCertificate requests. */
const certificates = 300

/** Servers that share a data folder and a database. */
interface Cluster {
  readonly name: string
  readonly data: string
  readonly nodes: readonly ServerProcess[]
  /** The database server's process ID; an empty list for SQLite. */
  readonly database: readonly number[]
}

type Operation = 'IssueCertificate' | 'GetCertificate'

/** Returns a table row for each operation and number of nodes. Returns no rows if PostgreSQL is not installed. */
export async function benchNodes(options: BenchOptions): Promise<Row[]> {
  const postgres = await TestPostgres.start()
  if (postgres === undefined) return []
  using folder = new BenchFolder()
  const all: ServerProcess[] = []
  const start = async (name: string, count: number, flags: string[]): Promise<ServerProcess[]> => {
    const serverFlags = [...options.serverFlags, ...flags]
    const nodes: ServerProcess[] = []
    for (let index = 0; index < count; index += 1)
      nodes.push(
        await startTree(treesOf(options)[0], folder.file(name), { ...options, serverFlags }),
      )
    all.push(...nodes)
    return nodes
  }
  try {
    const url = databaseUrl(await postgres.createDatabase())
    const pidFile = await readFile(join(postgres.folder, 'data/postmaster.pid'), 'utf8')
    const clusters: readonly Cluster[] = [
      {
        name: 'PostgreSQL',
        data: folder.file('postgres'),
        nodes: await start('postgres', 3, ['--database', url]),
        database: [Number.parseInt(pidFile)],
      },
      {
        name: 'SQLite',
        data: folder.file('sqlite'),
        nodes: await start('sqlite', 1, []),
        database: [],
      },
    ]
    const loads = (await Promise.all(clusters.map((one) => loadsOf(one, options)))).flat()
    const rows: Row[] = []
    for (const operation of ['IssueCertificate', 'GetCertificate'] as const) {
      const contenders = loads.map((one) => loaded(one[operation]))
      rows.push(...(await compare(`${operation}, one node on PostgreSQL`, contenders, options)))
    }
    return rows
  } finally {
    for (const server of all) await server.stop('SIGTERM')
    await postgres.close()
  }
}

/**
 * Returns loads for one node, for two nodes, and so on. All requests are signed for the first node's host name, which the other
 * nodes also accept.
 */
async function loadsOf(
  { name, data, nodes, database }: Cluster,
  options: BenchOptions,
): Promise<Record<Operation, LoadTarget>[]> {
  const csrs = await csrsOf('P-256', options.csrs)
  const request = { keyAlgorithm: 'EC_prime256v1', csr: csrs[0] ?? '' }
  const url = nodes[0]?.url ?? ''
  const target = await prepareTarget(url, credentialsIn(data), request)
  const issued = await Promise.all(
    Array.from({ length: certificates }, (_, index) =>
      target.call(url, 'IssueCertificate', target.issueInput(csrs[index % csrs.length] ?? '')),
    ),
  )
  const requests = {
    IssueCertificate: () =>
      csrs.map((csr) => target.request('IssueCertificate', target.issueInput(csr))),
    GetCertificate: () =>
      issued.map((one) =>
        target.request('GetCertificate', {
          CertificateAuthorityArn: target.authorityArn,
          ...one,
        }),
      ),
  }
  return nodes.map((_, index) => {
    const used = nodes.slice(0, index + 1)
    const load = {
      ...addressOf(url),
      name: `${used.length} on ${name}`,
      ports: used.flatMap((node) => addressOf(node.url).ports),
      pids: [...used.map(({ child }) => child.pid ?? 0), ...database],
      shared: nodes.length > 1,
    }
    return {
      IssueCertificate: { ...load, requests: requests.IssueCertificate },
      GetCertificate: { ...load, requests: requests.GetCertificate },
    }
  })
}
