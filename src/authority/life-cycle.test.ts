import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../errors.ts'
import { permission, requireState, type LifeCycleEvent } from './life-cycle.ts'
import type { AuthorityStatus } from './status.ts'

const arn = 'arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/x'

/** Table of operations with the CA states that allow them (AWS Private CA User Guide). */
const works: Record<LifeCycleEvent, readonly AuthorityStatus[]> = {
  describe: [
    'CREATING',
    'PENDING_CERTIFICATE',
    'ACTIVE',
    'DISABLED',
    'EXPIRED',
    'FAILED',
    'DELETED',
  ],
  'get-csr': ['PENDING_CERTIFICATE', 'ACTIVE', 'DISABLED', 'EXPIRED'],
  'get-authority-certificate': ['ACTIVE', 'DISABLED', 'EXPIRED'],
  'import-certificate': ['PENDING_CERTIFICATE', 'ACTIVE', 'DISABLED', 'EXPIRED'],
  'issue-certificate': ['ACTIVE'],
  'get-certificate': ['ACTIVE', 'DISABLED', 'EXPIRED'],
  'revoke-certificate': ['ACTIVE', 'DISABLED'],
  'create-audit-report': ['ACTIVE', 'DISABLED', 'EXPIRED'],
  'describe-audit-report': [
    'CREATING',
    'PENDING_CERTIFICATE',
    'ACTIVE',
    'DISABLED',
    'EXPIRED',
    'FAILED',
    'DELETED',
  ],
  update: ['ACTIVE', 'DISABLED'],
  'publish-crl': ['ACTIVE', 'DISABLED'],
  delete: ['CREATING', 'PENDING_CERTIFICATE', 'DISABLED', 'EXPIRED', 'FAILED'],
  restore: ['DELETED'],
  administer: ['PENDING_CERTIFICATE', 'ACTIVE', 'DISABLED', 'EXPIRED'],
}

test('a subordinate CA can do exactly what its state allows', () => {
  for (const [event, states] of Object.entries(works) as [LifeCycleEvent, AuthorityStatus[]][])
    for (const status of works.describe) {
      const run = (): void => requireState(event, status, { arn, type: 'SUBORDINATE' })
      if (states.includes(status)) run()
      else assert.throws(run, ServiceError, `${event} in ${status}`)
    }
})

test('a root CA can also issue and read its own certificate while it is PENDING_CERTIFICATE', () => {
  requireState('issue-certificate', 'PENDING_CERTIFICATE', { arn, type: 'ROOT' })
  requireState('issue-certificate', 'EXPIRED', { arn, type: 'ROOT' })
  requireState('get-certificate', 'PENDING_CERTIFICATE', { arn, type: 'ROOT' })
  assert.throws(() => requireState('issue-certificate', 'DISABLED', { arn, type: 'ROOT' }), {
    code: 'InvalidStateException',
    message: 'The certificate authority is not in a valid state for issuing certificates',
  })
})

test('reading a CSR returns RequestInProgress before the CSR is created, and RequestFailed if its creation failed', () => {
  assert.equal(permission('get-csr', 'CREATING'), 'RequestInProgressException')
  assert.equal(permission('get-csr', 'FAILED'), 'RequestFailedException')
  assert.equal(permission('get-csr', 'DELETED'), 'InvalidStateException')
})

test('error messages have the texts that clients compare', () => {
  const text = (event: LifeCycleEvent, status: AuthorityStatus): string => {
    try {
      requireState(event, status, { arn, type: 'SUBORDINATE' })
    } catch (error) {
      return (error as Error).message
    }
    return ''
  }
  assert.equal(
    text('update', 'PENDING_CERTIFICATE'),
    'The certificate authority must be in the ACTIVE or DISABLED state to be updated',
  )
  assert.equal(
    text('get-authority-certificate', 'PENDING_CERTIFICATE'),
    `The certificate authority ${arn} is not in the correct state to have a certificate signing request.`,
  )
  assert.equal(
    text('get-certificate', 'DELETED'),
    `The certificate authority ${arn} is not in the correct state to have issued certificates.`,
  )
  assert.equal(text('administer', 'DELETED'), 'The certificate authority is in the DELETED state')
})
