/**
 * IssueCertificate, GetCertificate and OCSP per second, a CRL and an audit report of a million: signed requests through the real listener, durable, in a process as
 * `signet serve` runs it. CFSSL signs in the same run, turn by turn, where it is installed.
 *
 * Prints a table for docs/benchmarks.md. Flags: --seconds N (each turn), --turns N, --connections N.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startServer, type ServerProcess } from '../test/support/process.ts'
import { hasCfssl, startCfssl, type Peer } from './cfssl.ts'
import {
  compare,
  tableOf,
  targetAt,
  type BenchOptions,
  type NamedPeer,
  type Row,
} from './compare.ts'
import { benchOcsp } from './ocsp.ts'
import { scaleTable } from './scale.ts'
import { stepsTable } from './steps.ts'
import { prepareTarget, type Target } from './target.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    turns: { type: 'string', default: '5' },
    connections: { type: 'string', default: '32' },
  },
})
const options: BenchOptions = {
  seconds: Number(values.seconds),
  turns: Number(values.turns),
  connections: Number(values.connections),
}
const cfsslPort = 18_888

function peerTarget(peer: Peer, csr: string): NamedPeer {
  const { host, port } = peer
  return {
    name: 'CFSSL',
    target: { host, port, request: peer.signRequest(csr).toString('base64') },
  }
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
      {
        signet: targetAt(server.url, target.issueRequest()),
        peer: peer && peerTarget(peer, csr),
      },
      options,
    )
    const get = await compare(
      `GetCertificate, ${key.name} CA`,
      { signet: targetAt(server.url, target.getRequest()), peer: undefined },
      options,
    )
    return [issue, get]
  } finally {
    peer?.stop()
  }
}

process.stdout.write(`A million certificates, all revoked\n\n${await scaleTable()}\n\n`)
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
    ...(await benchOcsp(server, data, options)),
  ]
  const { seconds, turns, connections } = options
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
