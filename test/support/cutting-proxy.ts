/** A TCP proxy that closes connections in the middle of a message. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface CuttingProxy {
  readonly port: number
  /** Number of open connections. */
  count(): number
  /** Closes a connection after `octets` more bytes in one direction. Returns false if the connection does not exist. */
  cut(index: number, cut: Cut): boolean
  /** Applies a cut to every new connection; undefined removes the cut. */
  cutNew(cut: Cut | undefined): void
  /** Closes all connections. */
  endAll(): void
  close(): Promise<void>
}

export interface Cut {
  readonly way: 'there' | 'back'
  readonly octets: number
}

interface Connection {
  /** Number of bytes until the cut, in each direction. */
  readonly left: { there: number; back: number }
  end(): void
}

/** Listens on an ephemeral loopback port and forwards all connections to the loopback port `port`. */
export async function startCuttingProxy(port: number): Promise<CuttingProxy> {
  const connections = new Set<Connection>()
  let cutOfNew: Cut | undefined
  const server = createServer({ noDelay: true }, (client) => {
    const target = connect({ host: '127.0.0.1', port, noDelay: true })
    const connection: Connection = {
      left: { there: Infinity, back: Infinity },
      end() {
        connections.delete(connection)
        client.destroy()
        target.destroy()
      },
    }
    if (cutOfNew !== undefined) connection.left[cutOfNew.way] = cutOfNew.octets
    connections.add(connection)
    pass(connection, { from: client, to: target, way: 'there' })
    pass(connection, { from: target, to: client, way: 'back' })
  })
  const endAll = (): void => {
    for (const connection of connections) connection.end()
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    count: () => connections.size,
    cut(index, { way, octets }) {
      const connection = [...connections][index]
      if (connection === undefined) return false
      connection.left[way] = octets
      return true
    },
    cutNew(cut) {
      cutOfNew = cut
    },
    endAll,
    async close() {
      endAll()
      await once(server.close(), 'close')
    },
  }
}

function pass(
  connection: Connection,
  { from, to, way }: { readonly from: Socket; readonly to: Socket; readonly way: Cut['way'] },
): void {
  from.on('data', (bytes: Buffer) => {
    const { left } = connection
    if (bytes.length >= left[way]) {
      from.pause()
      to.write(bytes.subarray(0, left[way]), () => connection.end())
      return
    }
    left[way] -= bytes.length
    if (to.write(bytes)) return
    from.pause()
    to.once('drain', () => from.resume())
  })
  for (const event of ['end', 'error', 'close']) from.once(event, () => connection.end())
}
