/** Tests of changes to a CA's revocation configuration by flags. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigurationError } from '../../errors.ts'
import { changedRevocation, type RevocationChange } from './change-revocation.ts'

const off = { CrlConfiguration: { Enabled: false }, OcspConfiguration: { Enabled: false } }
const crl = {
  Enabled: true,
  ExpirationInDays: 3,
  S3BucketName: 'crls',
  S3ObjectAcl: 'BUCKET_OWNER_FULL_CONTROL',
  CrlType: 'PARTITIONED',
  CustomPath: 'a/b',
} as const
const ocsp = { Enabled: true, OcspCustomCname: 'o.example.com' }
const on = { CrlConfiguration: crl, OcspConfiguration: ocsp }

const refuse = (change: RevocationChange, message: RegExp, current = off): void => {
  assert.throws(
    () => changedRevocation(current, change),
    (error: unknown) => error instanceof ConfigurationError && message.test(error.message),
  )
}

test('a bucket enables CRLs that are valid for seven days, and does not change OCSP', () => {
  const enabled = { Enabled: true, ExpirationInDays: 7, S3BucketName: 'new' }
  for (const current of [undefined, off])
    assert.deepEqual(changedRevocation(current, { crlBucket: 'new' }), {
      CrlConfiguration: enabled,
    })
})

test('a changed block keeps its other members', () => {
  assert.deepEqual(changedRevocation(on, { crlDays: 9, crlCname: '' }), {
    CrlConfiguration: { ...crl, ExpirationInDays: 9, CustomCname: '' },
  })
  assert.deepEqual(changedRevocation(on, { crlBucket: 'b', crlType: 'COMPLETE', ocsp: true }), {
    CrlConfiguration: { ...crl, S3BucketName: 'b', CrlType: 'COMPLETE' },
    OcspConfiguration: ocsp,
  })
  assert.deepEqual(changedRevocation(off, { ocspCname: 'p' }), {
    OcspConfiguration: { Enabled: true, OcspCustomCname: 'p' },
  })
})

test('a disabled block has no other members', () => {
  assert.deepEqual(changedRevocation(on, { crl: false, ocsp: false }), off)
})

test('contradictory flags, a CRL without a bucket, and no change are refused', () => {
  refuse({}, /specify a change/)
  refuse({ crl: true }, /specify a change/)
  refuse({ crl: false, crlDays: 3 }, /--no-crl cannot be combined with --crl-days/)
  refuse({ ocsp: false, ocspCname: 'p' }, /--no-ocsp cannot be combined with --ocsp-cname/)
  refuse({ crlType: 'COMPLETE' }, /--crl-type requires --crl-bucket, because the CA publishes no/)
})
