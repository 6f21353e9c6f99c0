import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '../random.ts'
import { createRequestIds } from './request-ids.ts'

test('request ids are UUIDs, and no two are the same', () => {
  const requestId = createRequestIds({ bytes: (length) => systemRandom.bytes(length) })
  const ids = Array.from({ length: 1000 }, requestId)
  assert.equal(new Set(ids).size, 1000)
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
  assert.ok(ids.every((id) => form.test(id)))
})
