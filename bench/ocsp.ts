/** OCSP answers per second: Signet from its cache, beside CFSSL, which has its answers ready, and OpenSSL. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasCfssl } from './cfssl.ts'
import { startEmptyHandler } from './floors.ts'
import { freePort } from '../test/support/free-port.ts'
import {
  makePeerCa,
  ocspRequest,
  postRequest,
  startCfsslOcsp,
  startOpensslOcsp,
} from './ocsp-peers.ts'
import type { BenchOptions } from './options.ts'
import { credentialsIn, prepareTarget } from './target.ts'
import { addressOf, compare, loaded, type LoadTarget, type Row } from './turns.ts'

/** One row for each kind of connection: kept, and one for each request as `openssl ocsp` wants it. */
export async function benchOcsp(
  { url, publicUrl, data, csr }: OcspSubject,
  options: BenchOptions,
): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-bench-ocsp-'))
  try {
    await makePeerCa(folder)
    const request = await signetRequest({ url, data, csr }, folder)
    const signet = one(publicUrl, request)
    return [
      await besideCfssl(folder, signet, options),
      await besideOpenssl(folder, signet, options),
    ]
  } finally {
    await rm(folder, { recursive: true })
  }
}

interface OcspSubject {
  readonly url: string
  readonly publicUrl: string
  readonly data: string
  readonly csr: string
}

/** One request again and again. */
function one(url: string, request: Buffer): LoadTarget {
  return { ...addressOf(url), requests: () => [request] }
}

async function signetRequest(
  { url, data, csr }: Omit<OcspSubject, 'publicUrl'>,
  folder: string,
): Promise<Buffer> {
  const target = await prepareTarget(url, credentialsIn(data), {
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

/** And beside the empty HTTP handler, which gets the same requests. */
async function besideCfssl(
  folder: string,
  signet: LoadTarget,
  options: BenchOptions,
): Promise<Row> {
  const empty = await startEmptyHandler(options.processes)
  const cfssl = (await hasCfssl()) ? await startCfsslOcsp(folder, await freePort()) : undefined
  try {
    const floor = { host: empty.host, port: empty.port, requests: signet.requests }
    const against = [loaded('empty handler', floor, { options, target: 0.6 })]
    if (cfssl !== undefined) {
      const peer = one(`http://127.0.0.1:${cfssl.port}`, cfssl.request)
      against.push(loaded('cfssl ocspserve', peer, { options }))
    }
    return await compare('OCSP, cached', { signet, against }, options)
  } finally {
    cfssl?.stop()
    empty.stop()
  }
}

/** It serves one connection after the other, and closes each after one answer. */
async function besideOpenssl(
  folder: string,
  signet: LoadTarget,
  options: BenchOptions,
): Promise<Row> {
  const openssl = await startOpensslOcsp(folder, await freePort())
  try {
    const few = { ...options, connections: 4 }
    const at = one(`http://127.0.0.1:${openssl.port}`, openssl.request)
    const peer = loaded('openssl ocsp', { ...at, reconnect: true }, { options: few })
    const anew = { ...signet, reconnect: true }
    return await compare('OCSP, a connection for each', { signet: anew, against: [peer] }, few)
  } finally {
    openssl.stop()
  }
}
