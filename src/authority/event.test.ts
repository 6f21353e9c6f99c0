/** Tests of events in EventBridge format. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crlFailures, eventOf, type EventDetails } from './event.ts'

const occurrence: EventDetails = {
  type: 'ACM Private CA Certificate Issuance',
  authority: { accountId: '123456789012', region: 'eu-central-1' },
  time: new Date('2026-03-01T08:15:30.999Z'),
  resources: ['arn:of-the-ca', 'arn:of-the-certificate'],
  detail: { result: 'success' },
}

test('an event has exactly the members of EventBridge, in the same order', () => {
  const event = eventOf(occurrence, '4dc4c8b2-0000-4000-8000-000000000001')
  assert.equal(
    JSON.stringify(event),
    JSON.stringify({
      version: '0',
      id: '4dc4c8b2-0000-4000-8000-000000000001',
      'detail-type': 'ACM Private CA Certificate Issuance',
      source: 'aws.acm-pca',
      account: '123456789012',
      time: '2026-03-01T08:15:30Z',
      region: 'eu-central-1',
      resources: ['arn:of-the-ca', 'arn:of-the-certificate'],
      detail: { result: 'success' },
    }),
  )
})

test('the detail of an event is copied unchanged', () => {
  const detail = { result: 'failure', reason: crlFailures.refused, number: 3 } as const
  assert.deepEqual(eventOf({ ...occurrence, detail }, 'id').detail, detail)
})

test('times are truncated to whole seconds', () => {
  for (const fraction of ['.000Z', '.001Z', '.999Z']) {
    const time = new Date(`2026-12-31T23:59:59${fraction}`)
    assert.equal(eventOf({ ...occurrence, time }, 'id').time, '2026-12-31T23:59:59Z')
  }
})
