/** Benchmark of cached OCSP responses, compared with CFSSL's presigned responses and with OpenSSL. */
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

/**
 * Returns table rows for persistent connections, and for one connection per request. `openssl ocsp` supports only one request per
 * connection.
 */
export async function benchOcsp(
  prepared: readonly Prepared[],
  allOptions: BenchOptions,
): Promise<Row[]> {
  // The public listener uses plain HTTP.
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
    for (const server of prepared) loads.push(await signetLoad(server, folder))
    const cfssl = (await hasCfssl()) ? [await peer(startCfsslOcsp)] : []
    const [signet] = loads
    const floor = signet === undefined ? [] : [empty.load(signet)]
    const persistent = [...loads, ...floor, ...cfssl].map(loaded)
    const persistentRows = await compare('OCSP, cached', persistent, options)
    // OpenSSL serves one connection at a time and closes the connection after one response.
    const reconnecting = [...loads, await peer(startOpensslOcsp)].map((load) =>
      loaded({ ...load, reconnect: true }),
    )
    const fourConnections = { ...options, connections: [4] }
    return [
      ...persistentRows,
      ...(await compare('OCSP, a connection for each', reconnecting, fourConnections)),
    ]
  } finally {
    for (const started of peers) started.stop()
    empty.stop()
  }
}

/** Returns a load that repeats the same OCSP request for a valid certificate. */
async function signetLoad(
  { name, pids, target, server }: Prepared,
  folder: BenchFolder,
): Promise<LoadTarget> {
  const path = (file: string): string => folder.file(`${name}-${file}`)
  await writeFile(path('ca.pem'), target.authorityCertificate)
  await writeFile(path('leaf.pem'), target.certificate)
  const der = await ocspRequest(path('ca.pem'), path('leaf.pem'), path('request.der'))
  const requests = (): Buffer[] => [postRequest('/ocsp', der)]
  return { name, pids, ...addressOf(server.publicUrl), requests }
}
