import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  authorizationStatus,
  orderStatus,
  type OrderStatus,
  type StoredAuthorizationStatus,
} from './order-state.ts'

const now = new Date('2030-01-01T00:00:00Z')
const later = new Date(now.getTime() + 1)
const statuses = ['pending', 'valid', 'invalid', 'deactivated', 'revoked'] as const

suite('the status of an authorization', () => {
  test('is the stored status until the authorization expires', () => {
    for (const status of statuses)
      assert.equal(authorizationStatus({ status, expiresAt: later }, now), status)
  })

  test('is expired after a valid authorization, and invalid after a pending one, has expired', () => {
    const expired = statuses.map((status) => authorizationStatus({ status, expiresAt: now }, now))
    assert.deepEqual(expired, ['invalid', 'expired', 'invalid', 'deactivated', 'revoked'])
  })
})

function statusOf(
  stored: OrderStatus,
  authorizations: readonly StoredAuthorizationStatus[],
  { expiresAt = later, authorizationExpiresAt = later } = {},
): OrderStatus {
  return orderStatus(
    {
      status: stored,
      expiresAt,
      authorizations: authorizations.map((each) => ({
        status: each,
        expiresAt: authorizationExpiresAt,
      })),
    },
    now,
  )
}

suite('the status of an order', () => {
  test('is ready exactly if all authorizations are valid', () => {
    assert.equal(statusOf('pending', ['valid', 'valid']), 'ready')
    assert.equal(statusOf('pending', ['valid', 'pending']), 'pending')
  })

  test('is invalid if an authorization is invalid, deactivated, revoked or expired', () => {
    for (const each of ['invalid', 'deactivated', 'revoked'] as const)
      assert.equal(statusOf('pending', ['valid', each, 'pending']), 'invalid')
    assert.equal(statusOf('pending', ['valid'], { authorizationExpiresAt: now }), 'invalid')
    assert.equal(statusOf('pending', ['pending'], { authorizationExpiresAt: now }), 'invalid')
  })

  test('is invalid once the order has expired', () => {
    assert.equal(statusOf('pending', ['valid'], { expiresAt: now }), 'invalid')
    assert.equal(statusOf('pending', ['pending'], { expiresAt: now }), 'invalid')
  })

  test('does not change after the order has been finalized', () => {
    for (const stored of ['processing', 'valid', 'invalid'] as const)
      for (const each of statuses)
        assert.equal(statusOf(stored, [each], { expiresAt: now }), stored)
  })

  test('follows the state machine for every combination of three authorizations', () => {
    for (const one of statuses)
      for (const two of statuses)
        for (const three of statuses) {
          const all = [one, two, three]
          const isDead = all.some((each) => each !== 'valid' && each !== 'pending')
          const expected = isDead ? 'invalid' : all.includes('pending') ? 'pending' : 'ready'
          assert.equal(statusOf('pending', all), expected, all.join())
        }
  })
})
