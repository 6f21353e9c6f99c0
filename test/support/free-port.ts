import { once } from 'node:events'
import { createServer } from 'node:net'

/** Lowest port of the range. The port range is below Linux's ephemeral ports, which other test files use at the same time. */
const portMin = 20_000
const portsPerProcess = 12
const processes = 1000

let next = 0

/** Returns a free port on 127.0.0.1 in this process's port range. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < portsPerProcess; attempt += 1) {
    const port = portMin + (process.pid % processes) * portsPerProcess + next
    next = (next + 1) % portsPerProcess
    const server = createServer().listen(port, '127.0.0.1')
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!isFree) continue
    await once(server.close(), 'close')
    return port
  }
  throw new Error('no port is free')
}
