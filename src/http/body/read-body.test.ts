/** Bodies as they arrive: what is kept of them, and that all of it is given back. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { createBodyBudget, type BodyBudget } from './budget.ts'
import { readBody, type ReadBody } from './read-body.ts'

interface Reading {
  readonly server: Server
  readonly budget: BodyBudget
  /** Outcomes of requests, in the order in which they began. */
  readonly outcomes: Promise<ReadBody>[]
}

async function reading(t: TestContext, bytesMax: number, budgetBytes: number): Promise<Reading> {
  const budget = createBodyBudget(budgetBytes)
  const outcomes: Promise<ReadBody>[] = []
  const server = createServer((request: IncomingMessage, response) => {
    const outcome = readBody(request, { bytesMax, budget })
    outcomes.push(outcome)
    // oxlint-disable-next-line promise/prefer-await-to-then -- a listener waits for nothing
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

/** Sends the headers of a request and waits until they are there. */
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

test('a body comes whole, however it is cut into chunks', async (t) => {
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

test('a body that arrives in small pieces holds little more memory than its bytes', async (t) => {
  const at = await reading(t, 100_000, 1_000_000)
  const socket = await begin(at, 50_000)
  const before = at.budget.held
  for (let sent = 0; sent < 40_000; sent += 1000) socket.write(Buffer.alloc(1000))
  await heldMoreThan(at, before + 39_999)
  assert.ok(at.budget.held - before <= 80_000)
})

test('a client that goes away gives back what its body held', async (t) => {
  const at = await reading(t, 100_000, 1_000_000)
  const socket = await begin(at, 50_000)
  socket.write(Buffer.alloc(10_000))
  await heldMoreThan(at, 10_000)
  socket.destroy()
  assert.deepEqual(await at.outcomes[0], { kind: 'gone' })
  assert.equal(at.budget.held, 0)
})

test('when there is no room the oldest incomplete body is given up, and a new one is read', async (t) => {
  const at = await reading(t, 100_000, 150_000)
  const old = await begin(at, 100_000)
  old.write(Buffer.alloc(90_000))
  await heldMoreThan(at, 80_000)
  const fresh = await begin(at, 90_000)
  fresh.write(Buffer.alloc(90_000))
  assert.deepEqual(await at.outcomes[0], { kind: 'no-room' })
  assert.equal((await at.outcomes[1])?.kind, 'whole')
})

test('a body that is longer than it may be is refused, said so beforehand or not', async (t) => {
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

test('a body in very many small chunks is given up', async (t) => {
  const at = await reading(t, 100_000, 1_000_000)
  const socket = await open(at)
  socket.write('POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n')
  socket.write('1\r\nx\r\n'.repeat(1000))
  while (at.outcomes.length < 1) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(await at.outcomes[0], { kind: 'scattered' })
})
