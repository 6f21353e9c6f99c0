import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { PendingReplies } from './pending-replies.ts'

const ignore = (): void => {}

test('each request receives its own reply if replies arrive in another order', async () => {
  const order = fc
    .integer({ min: 1, max: 20 })
    .chain((count) =>
      fc.shuffledSubarray([...Array(count).keys()], { minLength: count, maxLength: count }),
    )
  await fc.assert(
    fc.asyncProperty(order, async (replies) => {
      const pending = new PendingReplies<number>()
      const ids: number[] = []
      const requests = replies.map(() => pending.request((id) => ids.push(id)))
      assert.equal(new Set(ids).size, replies.length)
      for (const index of replies) pending.settle(ids[index] ?? 0, index)
      assert.deepEqual(await Promise.all(requests), [...replies.keys()])
    }),
  )
})

test('a duplicate reply and a reply with an unknown id are ignored', async () => {
  const pending = new PendingReplies<string>()
  const ids: number[] = []
  const request = pending.request((id) => ids.push(id))
  const [id = 0] = ids
  pending.settle(id + 1, 'stray')
  pending.settle(id, 'first')
  pending.settle(id, 'second')
  assert.equal(await request, 'first')
})

test('the end of a channel rejects pending and later requests with the first error', async () => {
  const pending = new PendingReplies<string>()
  let sent = 0
  const send = (): void => void (sent += 1)
  const waiting = [pending.request(send), pending.request(send, 1000)]
  pending.end(new Error('the channel has ended'))
  pending.end(new Error('another error'))
  for (const request of [...waiting, pending.request(send)])
    await assert.rejects(request, /^Error: the channel has ended$/)
  assert.equal(sent, 2)
})

test('a request that cannot be sent is rejected, and other requests still receive replies', async () => {
  const pending = new PendingReplies<string>()
  const unsent = pending.request(() => {
    throw new TypeError('cannot be cloned')
  })
  await assert.rejects(unsent, /cannot be cloned/)
  const ids: number[] = []
  const request = pending.request((id) => ids.push(id))
  pending.settle(ids[0] ?? 0, 'reply')
  assert.equal(await request, 'reply')
})

test('a request is rejected after its timeout, and a late reply to it is ignored', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const pending = new PendingReplies<string>()
  const ids: number[] = []
  const late = pending.request((id) => ids.push(id), 2000)
  const inTime = pending.request((id) => ids.push(id), 2000)
  late.catch(ignore)
  t.mock.timers.tick(1999)
  pending.settle(ids[1] ?? 0, 'reply')
  assert.equal(await inTime, 'reply')
  t.mock.timers.tick(1)
  pending.settle(ids[0] ?? 0, 'late')
  await assert.rejects(late, /no reply was received in time/)
})
