/** OCSP over HTTP, with responders that fail: a request must not end the process. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { createLog } from '../log.ts'
import type { OcspAnswer, OcspResponder } from './ocsp-responder.ts'
import { createOcspHandler } from './ocsp.ts'

const now = new Date('2026-11-25T12:00:00Z')
const answer: OcspAnswer = { der: Buffer.from('30030a0106', 'hex'), life: undefined }

async function listening(
  t: TestContext,
  responder: OcspResponder,
): Promise<{ url: string; lines: string[] }> {
  const lines: string[] = []
  const log = createLog('error', { write: (line) => void lines.push(line) })
  const handler = createOcspHandler({ responder, clock: { now: () => now }, log })
  const server = createServer((request, response) => {
    if (!handler(request, response)) response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, lines }
}

test('a responder that throws or rejects is a 500 and a line in the log, and the next request is served', async (t) => {
  let fails: 'find' | 'answer' | undefined = 'find'
  const { url, lines } = await listening(t, {
    find() {
      if (fails === 'find') throw new Error('secret: closed')
      return undefined
    },
    answer: () =>
      fails === 'answer' ? Promise.reject(new Error('secret: no key')) : Promise.resolve(answer),
  })
  for (const how of ['find', 'answer'] as const) {
    fails = how
    for (const send of [
      () => fetch(`${url}/ocsp`, { method: 'POST', body: 'x' }),
      () => fetch(`${url}/ocsp/MAAw`),
    ]) {
      const response = await send()
      assert.deepEqual([response.status, await response.text()], [500, '500\n'])
    }
  }
  assert.equal(lines.length, 4)
  fails = undefined
  const response = await fetch(`${url}/`, { method: 'POST', body: 'x' })
  assert.equal(response.status, 200)
  assert.equal(Buffer.from(await response.arrayBuffer()).toString('hex'), '30030a0106')
})

test('a client that goes away before its answer ends nothing', async (t) => {
  const release = Promise.withResolvers<OcspAnswer>()
  const { url, lines } = await listening(t, {
    find: () => undefined,
    answer: () => release.promise,
  })
  const gone = new AbortController()
  const asked = fetch(`${url}/ocsp`, { method: 'POST', body: 'x', signal: gone.signal })
  await new Promise((resolve) => setTimeout(resolve, 50))
  gone.abort()
  await assert.rejects(asked)
  release.resolve(answer)
  const response = await fetch(`${url}/ocsp`, { method: 'POST', body: 'x' })
  assert.equal(response.status, 200)
  assert.deepEqual(lines, [])
})
