/** A worker's end of the channel to its primary. */
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { connectToPrimary } from './primary-connection.ts'
import type { FromWorker } from './messages.ts'

/** A channel that ends each message as `outcome` says. */
class Channel extends EventEmitter {
  connected = true
  outcome: Error | null = null
  readonly sent: FromWorker[] = []

  send(message: FromWorker, sent: (error: Error | null) => void): boolean {
    this.sent.push(message)
    setImmediate(sent, this.outcome)
    return true
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function connect(metrics: () => Promise<readonly object[]> = () => Promise.resolve([])) {
  const channel = new Channel()
  let orphaned = 0
  const tasks = { start: () => {}, reload: () => {}, stop: () => {}, metrics }
  const client = connectToPrimary(
    channel as unknown as Parameters<typeof connectToPrimary>[0],
    () => tasks,
    () => (orphaned += 1),
  )
  return { channel, client, orphaned: () => orphaned }
}

test('a worker whose message does not reach its primary ends: somebody waits for the answer', async () => {
  const { channel, client, orphaned } = connect()
  channel.outcome = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
  client.wake('publish-crls')
  await turn()
  await turn()
  assert.equal(orphaned(), 1)
})

test('what is sent while the channel is being closed is nobody’s concern', async () => {
  const { channel, client, orphaned } = connect()
  await turn()
  channel.connected = false
  channel.outcome = Object.assign(new Error('Channel closed'), { code: 'ERR_IPC_CHANNEL_CLOSED' })
  client.wake('publish-crls')
  await turn()
  await turn()
  assert.equal(orphaned(), 0)
})

test('a worker that cannot read its metrics sends none, so that the primary does not wait', async () => {
  const { channel } = connect(() => Promise.reject(new Error('no metrics')))
  channel.emit('message', { kind: 'metrics?', id: 7 })
  await turn()
  assert.deepEqual(channel.sent.at(-1), { kind: 'metrics', id: 7, metrics: [] })
})

test('metrics that the primary cannot read are an error of that request, and no wait without end', async () => {
  const { channel, client } = connect()
  const asked = client.allMetrics()
  const question = channel.sent.at(-1)
  assert.ok(question?.kind === 'metrics wanted')
  channel.emit('message', { kind: 'metrics text', id: question.id, text: undefined })
  await assert.rejects(asked, /the primary cannot read the metrics/)
})
