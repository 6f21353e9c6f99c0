import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authority } from '../authority/authority.ts'
import { noRevocation } from '../authority/revocation-configuration.ts'
import { isMaintained } from './maintained-crls.ts'

const day = 86_400_000
const now = new Date('2026-03-01T00:00:00Z')
const from = (days: number): Date => new Date(now.getTime() + days * day)

const active = {
  status: 'ACTIVE',
  deletion: undefined,
  certificate: { issuerIdentity: 2, notAfter: from(100) },
  crl: { id: 5, name: 'current', kind: 'PARTITION', issuerIdentity: 2 },
  revocation: {
    ...noRevocation,
    CrlConfiguration: {
      Enabled: true,
      ExpirationInDays: 8,
      S3BucketName: 'bucket',
      S3ObjectAcl: 'PUBLIC_READ',
      CrlType: 'PARTITIONED',
    },
  },
} as unknown as Authority

const current = { id: 5, kind: 'PARTITION', issuerIdentity: 2 } as const
const complete = { id: 1, kind: 'COMPLETE', issuerIdentity: 2 } as const
const full = { id: 4, kind: 'PARTITION', issuerIdentity: 2 } as const
const earlier = { id: 2, kind: 'COMPLETE', issuerIdentity: 1 } as const
const long = { now, lastNotAfter: from(-1000) }

test('the current partition and the complete CRL of a CA are maintained even if no certificate refers to them', () => {
  for (const crl of [current, complete]) assert.equal(isMaintained(active, crl, long), true)
})

test('any other CRL is maintained for half of its validity after its last certificate expired', () => {
  for (const crl of [full, earlier])
    for (const [days, expected] of [
      [1, true],
      [-4, true],
      [-4.001, false],
    ] as const)
      assert.equal(isMaintained(active, crl, { now, lastNotAfter: from(days) }), expected)
})

test('a CA that is expired or deleted, or has CRLs disabled, maintains no CRL', () => {
  const changes: readonly (readonly [Partial<Authority>, boolean])[] = [
    [{ status: 'DISABLED' }, true],
    [{ status: 'PENDING_CERTIFICATE' }, false],
    [{ revocation: noRevocation }, false],
    [{ deletion: { deletedAt: now, restorableUntil: from(7) } }, false],
    [{ certificate: { ...active.certificate!, notAfter: from(-1) } }, false],
  ]
  for (const [change, expected] of changes)
    assert.equal(isMaintained({ ...active, ...change }, current, long), expected)
})
