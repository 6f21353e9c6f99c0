/** Bodies are read as they arrive, and the memory that they occupy is released. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { createBodyBudget, type BodyBudget } from './budget.ts'
import { readBody, takeBody, type ReadBody } from './read-body.ts'

interface Reading {
  readonly server: Server
  readonly budget: BodyBudget
  /** Outcomes of requests, in the order in which the requests began. */
  readonly outcomes: Promise<ReadBody>[]
}

async function reading(t: TestContext, bytesMax: number, budgetBytes: number): Promise<Reading> {
  const budget = createBodyBudget(budgetBytes)
  const outcomes: Promise<ReadBody>[] = []
  const server = createServer((request: IncomingMessage, response) => {
    const outcome = readBody(request, { bytesMax, budget })
    outcomes.push(outcome)
    // oxlint-disable-next-line promise/prefer-await-to-then -- event listeners are not awaited
    outcome.then(
      () => response.end(),
      () => response.destroy(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { server, budget, outcomes }
}

async function open({ server }: Reading): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => {}).resume()
  await once(socket, 'connect')
  return socket
}

/** Sends the headers of a request and waits until the server has received them. */
async function begin(at: Reading, length: number): Promise<Socket> {
  const socket = await open(at)
  const begun = once(at.server, 'request')
  socket.write(`POST / HTTP/1.1\r\nhost: h\r\ncontent-length: ${length}\r\n\r\n`)
  await begun
  return socket
}

async function heldMoreThan({ budget, server }: Reading, bytes: number): Promise<void> {
  assert.ok(server.listening)
  while (budget.held <= bytes) await new Promise((resolve) => setImmediate(resolve))
}

test('a body is read completely, however it is split into chunks', async (t) => {
  const at = await reading(t, 10_000, 1_000_000)
  const piece = fc.uint8Array({ minLength: 1, maxLength: 300 })
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
      const socket = await open(at)
      socket.write('POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n')
      for (const bytes of pieces) {
        socket.write(`${bytes.length.toString(16)}\r\n`)
        socket.write(bytes)
        socket.write('\r\n')
      }
      const begun = at.outcomes.length
      socket.write('0\r\n\r\n')
      while (at.outcomes.length === begun) await new Promise((resolve) => setImmediate(resolve))
      const outcome = await at.outcomes.at(-1)
      socket.destroy()
      assert.ok(outcome?.kind === 'whole')
      assert.deepEqual(outcome.bytes, Buffer.concat(pieces))
      outcome.release()
      assert.equal(at.budget.held, 0)
    }),
    { numRuns: 50, seed: 15 },
  )
})

test('a body that arrives in small chunks takes little more memory than its length', async (t) => {
  const at = await reading(t, 100_000, 1_000_000)
  const socket = await begin(at, 50_000)
  const before = at.budget.held
  for (let sent = 0; sent < 40_000; sent += 1000) socket.write(Buffer.alloc(1000))
  await heldMoreThan(at, before + 39_999)
  assert.ok(at.budget.held - before <= 80_000)
})

test('the memory of a body is released when its client disconnects', async (t) => {
  const at = await reading(t, 100_000, 1_000_000)
  const socket = await begin(at, 50_000)
  socket.write(Buffer.alloc(10_000))
  await heldMoreThan(at, 10_000)
  socket.destroy()
  assert.deepEqual(await at.outcomes[0], { kind: 'gone' })
  assert.equal(at.budget.held, 0)
})

test('the oldest incomplete body is evicted for a new one when the budget is exhausted', async (t) => {
  const at = await reading(t, 100_000, 150_000)
  const old = await begin(at, 100_000)
  old.write(Buffer.alloc(90_000))
  await heldMoreThan(at, 80_000)
  const fresh = await begin(at, 90_000)
  fresh.write(Buffer.alloc(90_000))
  assert.deepEqual(await at.outcomes[0], { kind: 'no-room' })
  assert.equal((await at.outcomes[1])?.kind, 'whole')
})

test('a body that exceeds its limit is rejected, with and without a Content-Length', async (t) => {
  const at = await reading(t, 100, 1_000_000)
  await begin(at, 101)
  assert.deepEqual(await at.outcomes[0], { kind: 'too-long' })
  const socket = await open(at)
  socket.write('POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n')
  socket.write(`65\r\n${'x'.repeat(101)}\r\n`)
  while (at.outcomes.length < 2) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(await at.outcomes[1], { kind: 'too-long' })
  assert.equal(at.budget.held, 0)
})

test('a body in very many small chunks is rejected', async (t) => {
  const at = await reading(t, 100_000, 1_000_000)
  const socket = await open(at)
  socket.write('POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n')
  socket.write('1\r\nx\r\n'.repeat(1000))
  while (at.outcomes.length < 1) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(await at.outcomes[0], { kind: 'scattered' })
})

/** Waits for the server to receive a request, and returns the request at the end of the event loop turn. */
async function received(
  { server }: Reading,
  socket: Socket,
  bytes: string,
): Promise<IncomingMessage> {
  const begun = once(server, 'request')
  socket.write(bytes)
  const [request] = (await begun) as [IncomingMessage]
  await new Promise((resolve) => setImmediate(resolve))
  return request
}

async function receiving(t: TestContext): Promise<Reading> {
  const at = await reading(t, 1, 1)
  at.server.removeAllListeners('request')
  return at
}

const requestWith = (header: string, body: string): string =>
  `POST / HTTP/1.1\r\nhost: h\r\n${header}\r\n\r\n${body}`

test('a body that has arrived completely is taken without waiting, and its memory is released', async (t) => {
  const at = await receiving(t)
  for (const length of [0, 1, 1000]) {
    const body = 'x'.repeat(length)
    const header = `content-length: ${length}`
    const request = await received(at, await open(at), requestWith(header, body))
    const taken = takeBody(request, { bytesMax: 1000, budget: at.budget })
    // An exhausted budget takes nothing.
    assert.deepEqual(taken, { kind: 'no-room' })
    assert.equal(at.budget.held, 0)
    const budget = createBodyBudget(1_000_000)
    const outcome = takeBody(request, { bytesMax: 1000, budget })
    assert.ok(outcome?.kind === 'whole')
    assert.equal(outcome.bytes.toString(), body)
    assert.ok(budget.held > length)
    outcome.release()
    assert.equal(budget.held, 0)
  }
})

test('a body that arrived in several pieces in one turn is taken completely', async (t) => {
  const at = await receiving(t)
  const body = 'xy'.repeat(100_000)
  const request = await received(at, await open(at), requestWith('content-length: 200000', ''))
  assert.equal(takeBody(request, { bytesMax: 200_000, budget: at.budget }), undefined)
  for (const piece of [body.slice(0, 7), body.slice(7)]) request.push(piece)
  request.complete = true
  request.push(null)
  const outcome = takeBody(request, { bytesMax: 200_000, budget: createBodyBudget() })
  assert.ok(outcome?.kind === 'whole')
  assert.equal(outcome.bytes.toString(), body)
})

test('a body in chunks is not taken, and a body that exceeds its limit is rejected', async (t) => {
  const at = await receiving(t)
  const limits = { bytesMax: 4, budget: createBodyBudget() }
  const chunks = requestWith('transfer-encoding: chunked', '1\r\nx\r\n0\r\n\r\n')
  assert.equal(takeBody(await received(at, await open(at), chunks), limits), undefined)
  const long = requestWith('content-length: 5', 'xxxxx')
  const outcome = takeBody(await received(at, await open(at), long), limits)
  assert.deepEqual(outcome, { kind: 'too-long' })
})

test('reading the body of a client that has already disconnected ends', async (t) => {
  const at = await receiving(t)
  const request = await received(at, await open(at), requestWith('content-length: 5', 'x'))
  request.socket.destroy()
  await new Promise((resolve) => request.once('close', resolve))
  const limits = { bytesMax: 5, budget: createBodyBudget() }
  assert.equal(takeBody(request, limits), undefined)
  assert.deepEqual(await readBody(request, limits), { kind: 'gone' })
})
