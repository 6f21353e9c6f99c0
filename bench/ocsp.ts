/** OCSP answers per second: Signet from its cache, beside CFSSL, which has its answers ready, and OpenSSL. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServerProcess } from '../test/support/process.ts'
import { hasCfssl } from './cfssl.ts'
import { compare, targetAt, type BenchOptions, type Row } from './compare.ts'
import {
  makePeerCa,
  ocspRequest,
  postRequest,
  startCfsslOcsp,
  startOpensslOcsp,
} from './ocsp-peers.ts'
import { prepareTarget } from './target.ts'

const cfsslPort = 18_890
const opensslPort = 18_891

/** One row for each peer. */
export async function benchOcsp(
  server: ServerProcess,
  data: string,
  options: BenchOptions,
): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-bench-ocsp-'))
  try {
    await makePeerCa(folder)
    const signet = targetAt(server.publicUrl, await signetRequest(server, data, folder))
    return [
      ...((await hasCfssl()) ? [await besideCfssl(folder, signet, options)] : []),
      await besideOpenssl(folder, signet, options),
    ]
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function signetRequest(server: ServerProcess, data: string, folder: string): Promise<Buffer> {
  const csr = await readFile(join(import.meta.dirname, '../testdata/csr/ec-server.pem'), 'utf8')
  const target = await prepareTarget(server.url, data, {
    keyAlgorithm: 'EC_prime256v1',
    csr,
    revocation: { OcspConfiguration: { Enabled: true } },
  })
  const at = (name: string): string => join(folder, name)
  await writeFile(at('signet-ca.pem'), target.authorityCertificate)
  await writeFile(at('signet-leaf.pem'), target.certificate)
  const der = await ocspRequest(at('signet-ca.pem'), at('signet-leaf.pem'), at('signet.der'))
  return postRequest('/ocsp', der)
}

async function besideCfssl(
  folder: string,
  signet: ReturnType<typeof targetAt>,
  options: BenchOptions,
): Promise<Row> {
  const cfssl = await startCfsslOcsp(folder, cfsslPort)
  try {
    const target = targetAt(`http://127.0.0.1:${cfssl.port}`, cfssl.request)
    return await compare('OCSP', { signet, peer: { name: 'cfssl ocspserve', target } }, options)
  } finally {
    cfssl.stop()
  }
}

/** It serves one connection after the other, and closes each after one answer. */
async function besideOpenssl(
  folder: string,
  signet: ReturnType<typeof targetAt>,
  options: BenchOptions,
): Promise<Row> {
  const openssl = await startOpensslOcsp(folder, opensslPort)
  try {
    const at = targetAt(`http://127.0.0.1:${openssl.port}`, openssl.request)
    const peer = { name: 'openssl ocsp', target: { ...at, reconnect: true } }
    const once = { ...signet, reconnect: true }
    const few = { ...options, connections: 4 }
    return await compare('OCSP, a connection for each', { signet: once, peer }, few)
  } finally {
    openssl.stop()
  }
}
