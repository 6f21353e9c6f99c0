/**
 * A load balancer that distributes requests to the nodes in turn. The load balancer terminates TLS and passes on the Host header.
 */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, request as send } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

interface Balancer extends AsyncDisposable {
  readonly url: string
}

/** Starts the load balancer on 127.0.0.1. `tls` is the folder that contains the load balancer's certificate. */
export async function startBalancer(nodes: readonly string[], tls: string): Promise<Balancer> {
  const [cert, key] = await Promise.all(
    ['fullchain.pem', 'key.pem'].map((name) => readFile(join(tls, name))),
  )
  let count = 0
  const server = createServer({ cert, key }, (incoming, outgoing) => {
    const node = nodes[count % nodes.length] ?? ''
    count += 1
    const { method, headers } = incoming
    // The nodes' own root has issued their certificates.
    const options = { method, headers, rejectUnauthorized: false }
    const forwarded = send(new URL(incoming.url ?? '/', node), options, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers)
      pipeline(response, outgoing).catch(() => outgoing.destroy())
    })
    pipeline(incoming, forwarded).catch(() => outgoing.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `https://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}
