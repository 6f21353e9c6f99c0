import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authority } from '../../api/types.ts'
import { findings } from './findings.ts'

const now = Date.parse('2026-01-01T00:00:00Z')
const days = (count: number): number => now / 1000 + count * 86_400

function authority(change: Partial<Authority>): Authority {
  return {
    Arn: 'arn',
    OwnerAccount: '123456789012',
    CreatedAt: 0,
    Type: 'ROOT',
    Status: 'ACTIVE',
    NotAfter: days(4000),
    RevocationConfiguration: { OcspConfiguration: { Enabled: true } },
    CertificateAuthorityConfiguration: {
      KeyAlgorithm: 'EC_prime256v1',
      SigningAlgorithm: 'SHA256WITHECDSA',
      Subject: {},
    },
    ...change,
  }
}

const texts = (...changes: Partial<Authority>[]): string[] =>
  findings(changes.map(authority), now).map(({ severity, text }) => `${severity}: ${text}`)

test('a CA that is active for years and has OCSP has no findings', () => {
  assert.deepEqual(texts({}), [])
  assert.deepEqual(texts({ Status: 'DISABLED', NotAfter: days(1) }), [])
})

test('expiry, missing certificates and missing revocation are found, the most severe first', () => {
  assert.deepEqual(
    texts(
      { Status: 'PENDING_CERTIFICATE' },
      { RevocationConfiguration: {} },
      { NotAfter: days(200) },
      { NotAfter: days(30) },
      { Status: 'EXPIRED' },
    ),
    [
      'error: Expires in 30 days',
      'error: Has expired',
      'warning: Has neither a CRL nor OCSP',
      'warning: Expires in 200 days',
      'pending: Waiting for its certificate',
    ],
  )
})

test('a CA for short-lived certificates needs no revocation', () => {
  const change = { RevocationConfiguration: {}, UsageMode: 'SHORT_LIVED_CERTIFICATE' } as const
  assert.deepEqual(texts(change), [])
})
