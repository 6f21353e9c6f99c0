import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authority } from './authority.ts'
import { deletionAt, lastStateChangeAt, statusAt } from './status.ts'

const notAfter = new Date('2027-01-01T00:00:00Z')
const changed = new Date('2026-01-01T00:00:00Z')

function authority(change: Partial<Authority> = {}): Authority {
  return {
    number: 1,
    id: '00000000-0000-4000-8000-000000000000',
    partition: 'aws',
    region: 'eu-west-1',
    accountId: '123456789012',
    type: 'ROOT',
    usageMode: 'GENERAL_PURPOSE',
    keyStorageSecurityStandard: 'FIPS_140_2_LEVEL_3_OR_HIGHER',
    configuration: {
      KeyAlgorithm: 'EC_prime256v1',
      SigningAlgorithm: 'SHA256WITHECDSA',
      Subject: { CommonName: 'x' },
    },
    revocation: { CrlConfiguration: { Enabled: false }, OcspConfiguration: { Enabled: false } },
    createdAt: changed,
    status: 'ACTIVE',
    failureReason: undefined,
    lastStateChangeAt: changed,
    keyHandle: 'local:x',
    csrPem: '',
    certificate: {
      number: 1,
      issuerIdentity: 1,
      serialNumberHex: '01',
      notBefore: changed,
      notAfter,
      certificateDer: new Uint8Array(),
      chainPem: undefined,
    },
    pastCrlCnames: [],
    crl: undefined,
    deletion: undefined,
    revision: 1,
    ...change,
  }
}

test('an active or disabled CA expires after the last second of its certificate', () => {
  const inTheLastSecond = new Date(notAfter.getTime() + 999)
  const after = new Date(notAfter.getTime() + 1000)
  for (const status of ['ACTIVE', 'DISABLED'] as const) {
    assert.equal(statusAt(authority({ status }), inTheLastSecond), status)
    assert.equal(statusAt(authority({ status }), after), 'EXPIRED')
  }
  assert.deepEqual(lastStateChangeAt(authority(), after), notAfter)
  assert.deepEqual(lastStateChangeAt(authority(), inTheLastSecond), changed)
})

test('a deleted CA is DELETED, even if expired, until its restoration period ends', () => {
  const deletedAt = new Date('2028-01-01T00:00:00Z')
  const deletion = deletionAt('DISABLED', deletedAt, 7)
  const deleted = authority({ status: 'DISABLED', deletion })
  assert.deepEqual(deletion.restorableUntil, new Date('2028-01-08T00:00:00Z'))
  assert.equal(statusAt(deleted, deletedAt), 'DELETED')
  assert.equal(statusAt(deleted, new Date('2028-01-07T23:59:59.999Z')), 'DELETED')
  assert.equal(statusAt(deleted, deletion.restorableUntil), undefined)
})

test('a deleted CA can be restored for thirty days by default, and a CA without a CSR cannot be restored', () => {
  const restorable = deletionAt('PENDING_CERTIFICATE', changed)
  assert.deepEqual(restorable.restorableUntil, new Date('2026-01-31T00:00:00Z'))
  for (const status of ['CREATING', 'FAILED'] as const) {
    const deletion = deletionAt(status, changed, 30)
    assert.equal(statusAt(authority({ status, deletion }), changed), undefined)
  }
})
