/** OCSP responses per second: Signet from its cache, beside CFSSL, which has its responses ready, and OpenSSL. */
import { writeFile } from 'node:fs/promises'
import { freePort } from '../test/support/free-port.ts'
import { BenchFolder } from './bench-folder.ts'
import { hasCfssl } from './cfssl.ts'
import { startEmptyHandler } from './floors.ts'
import {
  makePeerCa,
  ocspRequest,
  postRequest,
  startCfsslOcsp,
  startOpensslOcsp,
  type OcspPeer,
} from './ocsp-peers.ts'
import type { BenchOptions } from './options.ts'
import type { Prepared } from './servers.ts'
import { addressOf, compare, loaded, type LoadTarget, type Row } from './turns.ts'

/** A row for each kind of connection: kept, and one for each request as `openssl ocsp` requires it. */
export async function benchOcsp(
  prepared: readonly Prepared[],
  allOptions: BenchOptions,
): Promise<Row[]> {
  // The public listener is plain HTTP.
  const options = { ...allOptions, tls: undefined }
  using folder = new BenchFolder()
  const empty = await startEmptyHandler(options)
  const peers: OcspPeer[] = []
  const peer = async (start: typeof startCfsslOcsp): Promise<LoadTarget> => {
    const started = await start(folder.path, await freePort())
    peers.push(started)
    return started.load
  }
  try {
    await makePeerCa(folder.path)
    const loads: LoadTarget[] = []
    for (const one of prepared) loads.push(await signetLoad(one, folder))
    const beside = (await hasCfssl()) ? [await peer(startCfsslOcsp)] : []
    const [signet] = loads
    const floor = signet === undefined ? [] : [empty.load(signet)]
    const kept = await compare('OCSP, cached', [...loads, ...floor, ...beside].map(loaded), options)
    // OpenSSL serves one connection after the other, and closes each after one response.
    const anew = [...loads, await peer(startOpensslOcsp)].map((load) =>
      loaded({ ...load, reconnect: true }),
    )
    const few = { ...options, connections: [4] }
    return [...kept, ...(await compare('OCSP, a connection for each', anew, few))]
  } finally {
    for (const one of peers) one.stop()
    empty.stop()
  }
}

/** One request about one good certificate, again and again. */
async function signetLoad(
  { name, pids, target, server }: Prepared,
  folder: BenchFolder,
): Promise<LoadTarget> {
  const at = (file: string): string => folder.file(`${name}-${file}`)
  await writeFile(at('ca.pem'), target.authorityCertificate)
  await writeFile(at('leaf.pem'), target.certificate)
  const der = await ocspRequest(at('ca.pem'), at('leaf.pem'), at('request.der'))
  const requests = (): Buffer[] => [postRequest('/ocsp', der)]
  return { name, pids, ...addressOf(server.publicUrl), requests }
}
