/** Batches of requests: responses do not wait for later batches, and requests do not affect each other. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { everyRequest } from '../../test/support/routes.ts'
import { systemRandom } from '../random.ts'
import { createLog } from '../telemetry/log.ts'
import { barrier, batchMax } from '../turns/batch.ts'
import { textAnswer, type Answer } from './answer.ts'
import { createBodyBudget, type BodyBudget } from './body/budget.ts'
import type { Listener } from './listener.ts'
import type { Handler, Route } from './route.ts'
import { createPlainServer } from './server.ts'

interface Serving {
  readonly listener: Listener
  readonly budget: BodyBudget
  /** Opens a connection and collects the responses. */
  open(): Promise<Client>
}

class Client {
  readonly socket: Socket
  text = ''

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (data: Buffer) => (this.text += data.toString('latin1')))
  }

  /**
   * Waits for `count` responses, and resolves to their statuses. If `count` is 0, waits until the connection ends. The connection
   * may end before all responses have arrived.
   */
  async answers(count: number): Promise<number[]> {
    const ended = new Promise((resolve) => this.socket.once('close', resolve))
    for (let isOver = false; ;) {
      const found = [...this.text.matchAll(/^HTTP\/1.1 (\d+) /gm)].map(([, status]) =>
        Number(status),
      )
      if (isOver || (count > 0 && found.length >= count)) return found
      isOver = await Promise.race([
        ended.then(() => true),
        once(this.socket, 'data').then(() => false),
      ])
    }
  }
}

/** Starts a listener that reads bodies of up to 1000 bytes. */
async function serving(
  t: TestContext,
  answer: Handler['answer'],
  log = createLog('silent'),
): Promise<Serving> {
  const budget = createBodyBudget()
  const { path, handler } = everyRequest(answer)
  const body = { bytesMax: () => 1000, refuse: () => textAnswer(413, 'refused') }
  const route: Route = { path, handler: { ...handler, body } }
  const listener = createPlainServer({ log, random: systemRandom, budget }, [route])
  const url = new URL(await listener.listen({ host: '127.0.0.1', port: 0 }))
  t.after(() => {
    listener.server.closeAllConnections()
    return listener.close()
  })
  return {
    listener,
    budget,
    async open() {
      const socket = connect(Number(url.port), url.hostname)
      const client = new Client(socket)
      await Promise.all([once(socket, 'connect'), once(listener.server, 'connection')])
      return client
    },
  }
}

function post(path: string, body = 'body'): string {
  return `POST ${path} HTTP/1.1\r\nhost: h\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

test('of 512 concurrent requests, the first receives its response before the second batch is started', async (t) => {
  let arrived = 0
  let started = 0
  const at = await serving(t, async () => {
    started += 1
    return textAnswer(200, 'done')
  })
  /** Number of requests that had started when the server sent each response. */
  const startedAtSent: number[] = []
  /** Number of requests that had started when the client received each response. */
  const startedAtReceived: number[] = []
  let arrivedAtFirst = 0
  at.listener.server.prependListener('request', (_request, response: ServerResponse) => {
    arrived += 1
    response.once('finish', () => {
      if (startedAtSent.length === 0) arrivedAtFirst = arrived
      startedAtSent.push(started)
    })
  })
  const clients: Client[] = []
  while (clients.length < 512) clients.push(await at.open())
  const answered = clients.map(async ({ socket }) => {
    await once(socket, 'data')
    startedAtReceived.push(started)
    socket.destroy()
  })
  for (const { socket } of clients) socket.write(post('/'))
  await Promise.all(answered)
  assert.ok(arrivedAtFirst > 2 * batchMax, `${arrivedAtFirst} arrived together`)
  assert.ok((startedAtSent[0] ?? 0) <= batchMax, `${startedAtSent[0]} started`)
  assert.ok((startedAtReceived[0] ?? 0) < 512 / 2, `${startedAtReceived[0]} started`)
  assert.equal(started, 512)
})

test('a response is sent after its log line is written, whether the request succeeds or fails', async (t) => {
  let asked = Promise.withResolvers<void>()
  let written = Promise.withResolvers<void>()
  const log = createLog('info', {
    write: () => {},
    written() {
      asked.resolve()
      return written.promise
    },
  })
  const answers: Record<string, Handler['answer']> = {
    '/answered': async () => textAnswer(200, 'answered'),
    '/broken': async () => {
      throw new Error('broken')
    },
  }
  const at = await serving(
    t,
    (request, ...rest) => (answers[request.path] as Handler['answer'])(request, ...rest),
    log,
  )
  for (const [request, status] of [
    [post('/answered'), 200],
    [post('/broken'), 500],
    [post('/refused', 'x'.repeat(1001)), 413],
  ] as const) {
    const client = await at.open()
    const logged = asked.promise
    client.socket.write(request)
    await logged
    await turn()
    assert.equal(client.text, '')
    written.resolve()
    assert.deepEqual(await client.answers(1), [status])
    client.socket.destroy()
    written = Promise.withResolvers()
    asked = Promise.withResolvers()
  }
})

/** Events that can occur while a request waits in a batch, and the response statuses that may result. */
const fates = {
  waits: [[200]],
  'asks-twice': [[200, 200]],
  breaks: [[500]],
  'breaks-at-once': [[500]],
  // Node.js closes a connection when the client closes its side, even if a request is unanswered.
  'says-no-more': [[200], []],
  'goes-away': [[]],
  'is-cut-off': [[]],
} as const
type Fate = keyof typeof fates

/** A handler that is not async, so that an error is thrown synchronously. */
const answerFate: Handler['answer'] = ({ path }) => {
  if (path === '/breaks-at-once') throw new Error(path)
  return later(path)
}

async function later(path: string): Promise<Answer> {
  await barrier
  if (path === '/breaks') throw new Error(path)
  return textAnswer(200, path)
}

/** Triggers the events once `count` requests wait in a batch, and then closes the listener if `closes` is true. */
function onceWaiting(
  { listener }: Serving,
  count: number,
  { clients, closes }: { readonly clients: ReadonlyMap<Client, Fate>; readonly closes: boolean },
): Promise<void> {
  const cut: Socket[] = []
  const bringAbout = async (): Promise<void> => {
    for (const socket of cut) socket.destroy()
    for (const [client, fate] of clients)
      if (fate === 'goes-away') client.socket.destroy()
      else if (fate === 'says-no-more') client.socket.end()
    if (closes) await listener.close()
  }
  let waiting = 0
  return new Promise((resolve) => {
    listener.server.on('request', (request: IncomingMessage) => {
      if (request.url === '/is-cut-off') cut.push(request.socket)
      // After the `request` event, the request waits for its batch.
      process.nextTick(() => {
        waiting += 1
        if (waiting === count) resolve(bringAbout())
      })
    })
  })
}

test('a failed or disconnected request of a batch does not affect the others, and all memory is released', async (t) => {
  const fate = fc.constantFrom(...(Object.keys(fates) as Fate[]))
  const property = fc.asyncProperty(
    fc.array(fate, { minLength: 1, maxLength: 2 * batchMax, size: 'max' }),
    fc.boolean(),
    async (chosen, closes) => {
      const at = await serving(t, answerFate)
      const clients = new Map<Client, Fate>()
      for (const one of chosen) clients.set(await at.open(), one)
      const requestsOf = (one: Fate): number => (one === 'asks-twice' ? 2 : 1)
      const count = chosen.reduce((sum, one) => sum + requestsOf(one), 0)
      const broughtAbout = onceWaiting(at, count, { clients, closes })
      const ends = [...clients].map(([client, one]) => client.answers(fates[one][0].length))
      for (const [{ socket }, one] of clients) socket.write(post(`/${one}`).repeat(requestsOf(one)))
      for (const [index, found] of (await Promise.all(ends)).entries()) {
        const one = chosen[index] as Fate
        const isExpected = fates[one].some((statuses) => isDeepStrictEqual(statuses, found))
        assert.ok(isExpected, `${one}: ${found.join()}`)
      }
      await broughtAbout
      for (const { socket } of clients.keys()) socket.destroy()
      await at.listener.close()
      assert.equal(at.budget.held, 0)
    },
  )
  await fc.assert(property, { seed: 17, numRuns: 40 })
})
