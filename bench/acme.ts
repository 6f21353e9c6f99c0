/** Benchmark of ACME orders with EAB accounts, at an endpoint without challenges. */
import { readFile } from 'node:fs/promises'
import {
  AcmeClient,
  expectSuccess,
  httpsTransport,
  type ExternalBinding,
} from '../test/support/acme-client.ts'
import { createCsr } from '../test/support/crafted-csrs.ts'
import { freePort } from '../test/support/free-port.ts'
import { command } from '../test/support/process.ts'
import { BenchFolder } from './bench-folder.ts'
import { csrsOf } from './csrs.ts'
import { cpuSecondsOf } from './machine.ts'
import type { BenchOptions } from './options.ts'
import { startTree, treesOf } from './servers.ts'
import { markdownTable } from './table.ts'
import { credentialsIn, prepareTarget } from './target.ts'

const endpoint = 'bench'
const domain = 'bench.example'

interface Order {
  readonly name: string
  readonly csr: Uint8Array
}

/** Returns a table in Markdown. Each ACME certificate takes three requests: newOrder, finalize and the certificate download. */
export async function acmeTable(options: BenchOptions): Promise<string> {
  using folder = new BenchFolder()
  const data = folder.file('acme')
  const listen = `127.0.0.1:${await freePort()}`
  const serverFlags = [...options.serverFlags, '--enroll-listen', listen]
  const server = await startTree(treesOf(options)[0], data, { ...options, serverFlags })
  try {
    const [csr = ''] = await csrsOf('P-256', 1)
    const request = { keyAlgorithm: 'EC_prime256v1', csr }
    const { authorityArn } = await prepareTarget(server.url, credentialsIn(data), request)
    const binding = await createEndpoint(data, authorityArn)
    using transport = httpsTransport(await readFile(`${data}/tls-root.pem`, 'utf8'))
    const orders = Array.from({ length: options.csrs }, (_, at) => {
      const name = `host${at}.${domain}`
      return { name, csr: createCsr({ names: [name] }) }
    })
    const pids = [server.child.pid ?? 0]
    const rows: string[][] = []
    for (const connections of options.connections) {
      const clients: AcmeClient[] = []
      for (let at = 0; at < connections; at += 1) {
        const client = new AcmeClient(`https://${listen}/acme/${endpoint}/directory`, transport)
        expectSuccess(await client.register({ binding }))
        clients.push(client)
      }
      await run(clients, orders, options.warmUpSeconds)
      const cpuBefore = cpuSecondsOf(pids)
      const { count, seconds } = await run(clients, orders, options.seconds * options.turns)
      const cpu = ((cpuSecondsOf(pids) - cpuBefore) * 1e6) / count
      rows.push([connections, Math.round(count / seconds), Math.round(cpu)].map(String))
    }
    return markdownTable(['clients', 'certificates, /s', 'server CPU per certificate, µs'], rows)
  } finally {
    await server.stop('SIGTERM')
  }
}

/** Creates an endpoint and a reusable EAB key. */
async function createEndpoint(data: string, authorityArn: string): Promise<ExternalBinding> {
  const create = ['acme', 'create', endpoint, '--ca', authorityArn, '--challenges', 'none']
  await must([...create, '--eab', 'required', '--names', `*.${domain}`, '--data', data])
  const eab = ['acme', 'eab', 'create', endpoint, '--reusable', '--data', data]
  const key = JSON.parse(await must(eab)) as { readonly KeyId: string; readonly HmacKey: string }
  return { keyId: key.KeyId, macKey: Buffer.from(key.HmacKey, 'base64url') }
}

async function must(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await command(args)
  if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`)
  return stdout
}

/** Orders certificates with all ACME clients concurrently. Returns the number of certificates and the duration. */
async function run(
  clients: readonly AcmeClient[],
  orders: readonly Order[],
  seconds: number,
): Promise<{ readonly count: number; readonly seconds: number }> {
  const startedAt = performance.now()
  const endAt = startedAt + seconds * 1000
  let count = 0
  const orderAll = async (client: AcmeClient): Promise<void> => {
    while (performance.now() < endAt) {
      const { name, csr } = orders[count % orders.length] ?? { name: '', csr: new Uint8Array() }
      count += 1
      const order = expectSuccess(await client.order([name]))
      const valid = expectSuccess(await client.finalize(order.json['finalize'] as string, csr))
      expectSuccess(await client.post(valid.json['certificate'] as string))
    }
  }
  await Promise.all(clients.map(orderAll))
  return { count, seconds: (performance.now() - startedAt) / 1000 }
}
