/** A worker's side of the channel to its primary. */
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { PrimaryConnection } from './primary-connection.ts'
import type { FromPrimary, FromWorker } from './messages.ts'

/** A channel that passes `outcome` to the callback of each message. */
class Channel extends EventEmitter {
  connected = true
  outcome: Error | null = null
  readonly sent: FromWorker[] = []

  send(message: FromWorker, sent: (error: Error | null) => void): boolean {
    this.sent.push(message)
    setImmediate(sent, this.outcome)
    return true
  }

  receive(message: FromPrimary): void {
    this.emit('message', message)
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function connect(metrics: () => Promise<readonly object[]> = () => Promise.resolve([])) {
  const channel = new Channel()
  let orphaned = 0
  const tasks = { start: () => {}, reload: () => {}, stop: () => {}, metrics }
  const primary = new PrimaryConnection(
    channel as unknown as ConstructorParameters<typeof PrimaryConnection>[0],
    tasks,
    () => (orphaned += 1),
  )
  return { channel, primary, orphaned: () => orphaned }
}

test('a worker exits if a message to its primary cannot be sent, because a caller waits for the reply', async () => {
  const { channel, primary, orphaned } = connect()
  await turn()
  channel.outcome = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
  primary.wake('publish-crls')
  await turn()
  await turn()
  await turn()
  assert.equal(orphaned(), 1)
})

test('a message sent while the channel is closing does not end the worker', async () => {
  const { channel, primary, orphaned } = connect()
  await turn()
  channel.connected = false
  channel.outcome = Object.assign(new Error('Channel closed'), { code: 'ERR_IPC_CHANNEL_CLOSED' })
  primary.wake('publish-crls')
  await turn()
  await turn()
  await turn()
  assert.equal(channel.sent.at(-1)?.kind, 'requests')
  assert.equal(orphaned(), 0)
})

test('a worker that cannot read its metrics sends an empty list, so that the primary does not wait', async () => {
  const { channel } = connect(() => Promise.reject(new Error('no metrics')))
  channel.receive({ kind: 'process metrics', id: 7 })
  await turn()
  assert.deepEqual(channel.sent.at(-1), { kind: 'process metrics', id: 7, metrics: [] })
})

test('a request for metrics is rejected if the primary cannot read the metrics', async () => {
  const { channel, primary } = connect()
  const metrics = primary.allMetrics()
  await turn()
  const sent = channel.sent.at(-1)
  assert.ok(sent?.kind === 'requests')
  const [request] = sent.requests
  assert.ok(request !== undefined && 'id' in request)
  assert.deepEqual(request.request, { kind: 'metrics' })
  channel.receive({ kind: 'replies', replies: [{ id: request.id, reply: undefined }] })
  await assert.rejects(metrics, /the primary cannot read the metrics/)
})

test('requests and notices of one turn are sent in one message, in order, and each reply is matched to its request', async () => {
  const { channel, primary } = connect()
  await turn()
  const statements = [{ text: 'select 1', values: [] }]
  const rows = primary.writer.run({ kind: 'transaction', statements })
  primary.callLog.write({ n: 1 })
  const written = primary.callLog.record({ n: 2 })
  await turn()
  const sent = channel.sent.at(-1)
  assert.ok(channel.sent.length === 2 && sent?.kind === 'requests')
  const kinds = sent.requests.map((each) => ('notice' in each ? each.notice : each.request).kind)
  assert.deepEqual(kinds, ['transaction', 'call record', 'call record'])
  const ids = sent.requests.flatMap((each) => ('id' in each ? [each.id] : []))
  assert.equal(ids.length, 2)
  const replies = [{ rows: [[{ 1: 1 }]] }, false].map((reply, at) => ({ id: ids[at] ?? 0, reply }))
  channel.receive({ kind: 'replies', replies: replies.toReversed() })
  assert.deepEqual(await rows, [[{ 1: 1 }]])
  assert.equal(await written, false)
})
