import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authority } from '../authority/authority.ts'
import { noRevocation } from '../authority/revocation-configuration.ts'
import { certificateStatus } from './certificate-status.ts'

const now = new Date('2026-03-01T00:00:00Z')
const notAfter = new Date('2026-03-01T00:00:00Z')
const revokedAt = new Date('2026-02-01T00:00:00.750Z')
const authority = {
  status: 'ACTIVE',
  deletion: undefined,
  certificate: { notAfter },
  revocation: { ...noRevocation, OcspConfiguration: { Enabled: true } },
} as unknown as Authority

const valid = { revocation: undefined }
const revoked = { revocation: { revokedAt, reasonCode: 4 } }

test('an issued certificate is good until it is revoked, and then revoked with time and reason', () => {
  assert.deepEqual(certificateStatus(authority, valid, now), {
    status: 'good',
    revocation: undefined,
  })
  assert.deepEqual(certificateStatus(authority, revoked, now), {
    status: 'revoked',
    revocation: { revocationTime: revokedAt, reasonCode: 4 },
  })
})

test('a serial number that the CA has not issued is unknown, never good', () => {
  assert.equal(certificateStatus(authority, undefined, now).status, 'unknown')
})

test('OCSP responses are signed while the CA is ACTIVE or DISABLED with OCSP enabled, until its certificate expires', () => {
  const restorableUntil = new Date(now.getTime() + 1)
  const cases: readonly (readonly [Partial<Authority>, Date, boolean])[] = [
    [{}, now, true],
    [{ status: 'DISABLED' }, now, true],
    [{ status: 'PENDING_CERTIFICATE' }, now, false],
    [{ status: 'FAILED' }, now, false],
    [{ deletion: { deletedAt: now, restorableUntil } }, now, false],
    [{ deletion: { deletedAt: now, restorableUntil: now } }, now, false],
    [{ revocation: noRevocation }, now, false],
    [{}, new Date(now.getTime() + 999), true],
    [{}, new Date(now.getTime() + 1000), false],
  ]
  for (const [change, at, answers] of cases)
    for (const [issued, status] of [
      [valid, 'good'],
      [revoked, 'revoked'],
    ] as const)
      assert.equal(
        certificateStatus({ ...authority, ...change }, issued, at).status,
        answers ? status : 'unknown',
      )
})
