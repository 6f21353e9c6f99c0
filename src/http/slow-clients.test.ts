/** Slow clients (Slowloris attacks) that send headers or bodies slowly, over plain HTTP and TLS. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect as connectPlain, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { everyRequest } from '../../test/support/routes.ts'
import { makeCertificate } from '../../test/support/tls.ts'
import { createLog } from '../telemetry/log.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { systemRandom } from '../random.ts'
import { createBodyBudget, type BodyBudget } from './body/budget.ts'
import type { Listener } from './listener.ts'
import { createApiServer, createPlainServer } from './server.ts'

let folder: string
const servers: Listener[] = []
const ports = { plain: 0, tls: 0 }
let slowServices: Parameters<typeof createApiServer>[0]

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-slow-'))
  const files = await makeCertificate(folder, 'slow')
  const [cert, key] = await Promise.all([readFile(files.cert, 'utf8'), readFile(files.key, 'utf8')])
  slowServices = {
    log: createLog('silent'),
    findOperation: () => undefined,
    random: systemRandom,
    services: { metrics: createMetrics() },
    limits: { headersMilliseconds: 300, requestMilliseconds: 600, checkMilliseconds: 50 },
  } as unknown as Parameters<typeof createApiServer>[0]
  for (const [name, tls] of [
    ['plain', undefined],
    ['tls', { cert, key, ca: undefined }],
  ] as const) {
    const server = createApiServer(slowServices, tls)
    await server.listen({ host: '127.0.0.1', port: 0 })
    servers.push(server)
    const address = server.server.address()
    ports[name] = typeof address === 'object' ? (address?.port ?? 0) : 0
  }
})
after(async () => {
  for (const server of servers) await server.close()
  await rm(folder, { recursive: true })
})

async function open(kind: 'plain' | 'tls'): Promise<Socket> {
  const at = { host: '127.0.0.1', port: ports[kind], rejectUnauthorized: false }
  const socket = kind === 'plain' ? connectPlain(at) : connectTls(at)
  await once(socket, kind === 'plain' ? 'connect' : 'secureConnect')
  return socket
}

/** Repeatedly sends a piece until the server closes the connection. Resolves to the response. */
async function drip(kind: 'plain' | 'tls', head: string, piece: string): Promise<string> {
  const socket = await open(kind)
  let said = ''
  socket.on('data', (data: Buffer) => (said += data.toString()))
  socket.on('error', () => {})
  socket.write(head)
  const dripping = setInterval(() => socket.write(piece), 40)
  try {
    await once(socket, 'close')
  } finally {
    clearInterval(dripping)
  }
  return said
}

/** Waits until the server has at most `number` connections. Resolves to their count. */
async function atMost(kind: 'plain' | 'tls', number: number): Promise<number> {
  const { server } = servers[kind === 'plain' ? 0 : 1] ?? assert.fail()
  for (;;) {
    const open_ = await new Promise<number>((resolve, reject) => {
      server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
    })
    if (open_ <= number) return open_
    await setTimeout(50)
  }
}

test('the connection of a client that never closes its side is closed', async () => {
  const before_ = await atMost('plain', 100)
  const at = { host: '127.0.0.1', port: ports.plain, allowHalfOpen: true }
  const sockets = Array.from({ length: 5 }, () => connectPlain(at))
  for (const socket of sockets) {
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write('POST / HTTP/1.1\r\n')
  }
  await atMost('plain', before_)
  for (const socket of sockets) socket.destroy()
})

test('a stalled request body does not prevent a listener from closing', async () => {
  const server = createApiServer(slowServices)
  await server.listen({ host: '127.0.0.1', port: 0 })
  const address = server.server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const socket = connectPlain({ host: '127.0.0.1', port })
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\na')
  await setTimeout(100)
  const closing = once(socket, 'close')
  socket.resume()
  await server.close()
  await closing
})

for (const kind of ['plain', 'tls'] as const) {
  test(`a client that sends headers too slowly is disconnected: ${kind}`, async () => {
    const said = await drip(kind, 'POST / HTTP/1.1\r\nHost: x\r\n', 'X-A: b\r\n')
    assert.match(said, /^HTTP\/1\.1 408 .*\r\n[^]*x-amzn-ErrorType: RequestTimeoutException/)
  })

  test(`a client that sends a body too slowly is disconnected: ${kind}`, async () => {
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: x/y\r\nContent-Length: 50000\r\n\r\n'
    assert.match(await drip(kind, head, 'a'), /^HTTP\/1\.1 408 /)
  })

  test(`a client that sends an endless chunked body is disconnected: ${kind}`, async () => {
    const head =
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: x/y\r\nTransfer-Encoding: chunked\r\n\r\n'
    assert.match(await drip(kind, head, '1\r\na\r\n'), /^HTTP\/1\.1 408 /)
  })

  test(`other clients are served while clients are slow: ${kind}`, async () => {
    const slow = await Promise.all(Array.from({ length: 50 }, () => open(kind)))
    for (const socket of slow) {
      socket.on('error', () => {})
      socket.write('POST / HTTP/1.1\r\n')
    }
    const socket = await open(kind)
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    let said = ''
    for await (const data of socket) said += String(data)
    assert.match(said, /^HTTP\/1\.1 200 OK/)
    for (const one of slow) one.destroy()
  })
}

test('a connection without a TLS handshake is closed', async () => {
  const socket = connectPlain({ host: '127.0.0.1', port: ports.tls })
  await once(socket, 'connect')
  socket.on('error', () => {})
  socket.resume()
  socket.write('GET / HTTP/1.1\r\n\r\n')
  await once(socket, 'close')
})

/** Starts a public listener that serves an endless object. */
async function endless(t: TestContext, limits: object, budget: BodyBudget) {
  const streams: Readable[] = []
  const server = createPlainServer(
    { log: createLog('silent'), random: systemRandom, limits, budget },
    [
      everyRequest(() => {
        const body = new Readable({ read: () => void body.push(Buffer.alloc(65_536)) })
        streams.push(body)
        return { status: 200, headers: {}, body }
      }),
    ],
  )
  await server.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => server.close())
  const address = server.server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const ask = async (): Promise<Socket> => {
    const asked = streams.length
    const socket = connectPlain({ host: '127.0.0.1', port })
    socket.on('error', () => {}).pause()
    socket.write('GET /bucket/key HTTP/1.1\r\nHost: x\r\n\r\n')
    while (streams.length === asked) await setTimeout(5)
    return socket
  }
  return { streams, ask }
}

test('a client that requests an object and never reads it is disconnected', async (t) => {
  const budget = createBodyBudget()
  const { streams, ask } = await endless(t, { silentMilliseconds: 300 }, budget)
  const socket = await ask()
  await once(streams[0] ?? assert.fail(), 'close')
  assert.equal(budget.held, 0)
  socket.destroy()
})

test('the oldest transfer of an object is aborted for a new one when the budget is exhausted', async (t) => {
  const budget = createBodyBudget(300_000)
  const { streams, ask } = await endless(t, {}, budget)
  const sockets = [await ask(), await ask()]
  const closed = once(streams[0] ?? assert.fail(), 'close')
  sockets.push(await ask())
  await closed
  assert.deepEqual(
    streams.map(({ destroyed }) => destroyed),
    [true, false, false],
  )
  for (const socket of sockets) socket.destroy()
})
