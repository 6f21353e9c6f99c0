/** Tests of the fuzzer itself: mutations are reproducible, and a server's errors are detected. */
import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { choicesOf } from '../chaos/choices.ts'
import { csr } from '../support/csrs.ts'
import { Findings } from './findings.ts'
import { FuzzConnection, type Outcome } from './http.ts'
import { MemoryLog } from './memory.ts'
import { mutateBytes } from './mutate/bytes.ts'
import { mutateDer, readNodes, writeNode } from './mutate/der.ts'
import { jsonText, mutateJson } from './mutate/json.ts'

const der = Buffer.from(csr('ec-server').replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64')

test('equal seeds produce equal mutations, and different seeds produce different mutations', () => {
  const json = { A: 'text', B: [1, { C: null }] }
  const mutations = (seed: number): unknown[] => [
    mutateBytes(der, choicesOf(seed)).toString('hex'),
    mutateDer(der, choicesOf(seed)).toString('hex'),
    mutateJson(json, ['x'], choicesOf(seed)),
  ]
  assert.deepEqual(mutations(1), mutations(1))
  const many = Array.from({ length: 50 }, (_, seed) => JSON.stringify(mutations(seed)))
  assert.equal(new Set(many).size, many.length)
})

test('unmutated DER and JSON are written unchanged', () => {
  const [root] = readNodes(der) ?? []
  assert.ok(root)
  assert.deepEqual(writeNode(root), der)
  const json = { a: [1, 'x', { b: null }], c: true, '"': '\u0000' }
  assert.equal(jsonText(json), JSON.stringify(json))
})

async function outcomeOf(respond: (socket: Socket) => void, isHead = false): Promise<Outcome> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', () => respond(socket))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const connection = new FuzzConnection((server.address() as AddressInfo).port)
  try {
    return await connection.send({ bytes: Buffer.from('x'), isMalformed: false, isHead })
  } finally {
    connection.close()
    server.close()
  }
}

test('responses of every framing are read, and a connection that ends without a response is detected', async () => {
  const answered = (status: number, body: string): Outcome => ({ kind: 'answered', status, body })
  for (const [text, expected] of [
    ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab', answered(200, 'ab')],
    ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n', answered(500, '')],
    ['HTTP/1.1 204 No Content\r\n\r\n', answered(204, '')],
  ] as const)
    assert.deepEqual(await outcomeOf((socket) => socket.write(text)), expected)
  const untilEnd = await outcomeOf((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\nbody'))
  assert.deepEqual(untilEnd, answered(400, 'body'))
  const head = await outcomeOf(
    (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n'),
    true,
  )
  assert.deepEqual(head, answered(200, ''))
  assert.deepEqual(await outcomeOf((socket) => socket.destroy()), { kind: 'closed' })
})

test('findings of one kind are counted, and growing memory is reported', () => {
  const findings = new Findings()
  for (const number of [1, 2])
    findings.add({ request: `open:${number}`, label: 'x', problem: `answered 500: ${number}` })
  findings.add({ request: 'open:3', label: 'y', problem: 'answered 500: 3' })
  assert.deepEqual(
    findings.all.map(({ request, count }) => [request, count]),
    [
      ['open:1', 2],
      ['open:3', 1],
    ],
  )
  const problemsOf = (heaps: readonly number[]): string[] => {
    const memory = new MemoryLog()
    for (const heap of heaps)
      memory.record([{ pid: 1, blocks: [], rss: 2 ** 28, heapUsed: heap * 2 ** 20, external: 0 }])
    return memory.problems()
  }
  assert.deepEqual(problemsOf([30, 60, 90, 90, 91, 92, 90, 91, 90]), [])
  assert.deepEqual(problemsOf([30, 60, 90, 120, 150, 180, 210, 240, 270]), [
    'process 1 holds 240 MiB at the end, 150 before',
  ])
})
