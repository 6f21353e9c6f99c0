/** Tests that the public port is reserved before its listener is created. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { ConfigurationError } from '../errors.ts'
import { hasOwnSockets, reservePort, reserveSharedPort } from './public-port.ts'

const anyPort = { host: '127.0.0.1', port: 0 }

/** Connects to the port. Returns whether the connection was refused, or accepted and then closed. */
function tryConnection(port: number): Promise<'closed' | 'refused'> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? 'refused' : 'closed'),
    )
    socket.on('close', () => resolve('closed'))
  })
}

test('a listener takes over a reserved port, with its URL, and closes it', async () => {
  await using reserved = await reservePort(anyPort)
  assert.equal(reserved.url, `http://127.0.0.1:${reserved.port}`)
  assert.equal(await tryConnection(reserved.port), 'closed')
  const listener = createServer((_request, response) => response.end('answered'))
  listener.listen(reserved.take())
  await once(listener, 'listening')
  assert.throws(() => reserved.take(), /no longer reserved/)
  // The listener owns the port now, so disposing of the reservation does not close the port.
  await reserved[Symbol.asyncDispose]()
  const response = await fetch(reserved.url, { headers: { connection: 'close' } })
  assert.equal(await response.text(), 'answered')
  listener.close()
  await once(listener, 'close')
  assert.equal(await tryConnection(reserved.port), 'refused')
})

test('disposing of a reservation without a listener closes the port', async () => {
  const reserved = await reservePort(anyPort)
  await reserved[Symbol.asyncDispose]()
  await reserved[Symbol.asyncDispose]()
  assert.equal(await tryConnection(reserved.port), 'refused')
})

test('reserving a port in use throws ConfigurationError, for an exclusive and for a shared port', async () => {
  await using reserved = await reservePort(anyPort)
  const address = { host: '127.0.0.1', port: reserved.port }
  for (const reserve of [reservePort, reserveSharedPort])
    await assert.rejects(
      () => reserve(address),
      (error) =>
        error instanceof ConfigurationError &&
        error.message.startsWith(`cannot listen on 127.0.0.1:${address.port}: listen EADDRINUSE`),
    )
})

test('a shared port that the system chose stays reserved, and workers can also listen on it', async (t) => {
  if (!hasOwnSockets) return t.skip('sockets share a port only on Linux')
  await using shared = await reserveSharedPort(anyPort)
  const address = { host: '127.0.0.1', port: shared.port }
  await using worker = await reservePort(address, { reusePort: true })
  assert.equal(worker.port, shared.port)
  await assert.rejects(() => reservePort(address), ConfigurationError)
})

test('a configured shared port is closed again, so that workers can listen on it', async () => {
  const free = await reservePort(anyPort)
  await free[Symbol.asyncDispose]()
  const { port } = free
  const shared = await reserveSharedPort({ host: '127.0.0.1', port })
  assert.deepEqual([shared.port, shared.url], [port, `http://127.0.0.1:${port}`])
  assert.equal(await tryConnection(port), 'refused')
})

test('the URL of a wildcard address has a loopback address', async () => {
  await using reserved = await reservePort({ host: '0.0.0.0', port: 0 })
  assert.equal(reserved.url, `http://127.0.0.1:${reserved.port}`)
})
