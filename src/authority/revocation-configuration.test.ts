/** Tests of the validation and storage of RevocationConfiguration. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ServiceError } from '../errors.ts'
import {
  noRevocation,
  requireBucketName,
  requireRevocation,
  type RequestedRevocation,
  type RevocationConfiguration,
} from './revocation-configuration.ts'

const crl = { Enabled: true, ExpirationInDays: 7, S3BucketName: 'my-crls' } as const
type RequestedCrl = NonNullable<RequestedRevocation['CrlConfiguration']>
type RequestedOcsp = NonNullable<RequestedRevocation['OcspConfiguration']>

const keptCrl = (CrlConfiguration: RequestedCrl) =>
  requireRevocation({ CrlConfiguration }, noRevocation).CrlConfiguration
const keptOcsp = (OcspConfiguration: RequestedOcsp) =>
  requireRevocation({ OcspConfiguration }, noRevocation).OcspConfiguration

const isInvalid =
  (message: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof ServiceError)
    assert.equal(error.code, 'InvalidArgsException')
    assert.match(error.message, message)
    return true
  }

test("an enabled CRL gets AWS's defaults for absent parameters", () => {
  const defaults = { S3ObjectAcl: 'PUBLIC_READ', CrlType: 'COMPLETE' } as const
  assert.deepEqual(keptCrl(crl), { ...crl, ...defaults })
  const whole = {
    ...crl,
    S3ObjectAcl: 'BUCKET_OWNER_FULL_CONTROL',
    CrlType: 'PARTITIONED',
    CustomCname: 'crl.example.com/pki',
    CustomPath: 'a/b',
    CrlDistributionPointExtensionConfiguration: { OmitExtension: false },
  } as const
  assert.deepEqual(keptCrl(whole), whole)
})

test('a block that is absent from the request keeps its stored value', () => {
  const present: RevocationConfiguration = {
    CrlConfiguration: { ...crl, S3ObjectAcl: 'PUBLIC_READ', CrlType: 'PARTITIONED' },
    OcspConfiguration: { Enabled: true, OcspCustomCname: 'ocsp.example.com' },
  }
  assert.deepEqual(requireRevocation(undefined, present), present)
  assert.deepEqual(requireRevocation({}, present), present)
  assert.deepEqual(requireRevocation({ CrlConfiguration: { Enabled: false } }, present), {
    ...present,
    CrlConfiguration: { Enabled: false },
  })
  assert.deepEqual(requireRevocation({ OcspConfiguration: { Enabled: true } }, present), {
    ...present,
    OcspConfiguration: { Enabled: true },
  })
  // A block in the request replaces the entire stored block.
  assert.deepEqual(
    requireRevocation({ CrlConfiguration: { ...crl, ExpirationInDays: 30 } }, present)
      .CrlConfiguration,
    { ...crl, ExpirationInDays: 30, S3ObjectAcl: 'PUBLIC_READ', CrlType: 'COMPLETE' },
  )
})

test('a stored configuration can be sent again and stays the same', () => {
  const hosts = fc.constantFrom(undefined, '', 'crl.example.com', 'host/path')
  const crls = fc.record(
    {
      ExpirationInDays: fc.integer({ min: 1, max: 5000 }),
      S3ObjectAcl: fc.constantFrom('PUBLIC_READ' as const, 'BUCKET_OWNER_FULL_CONTROL' as const),
      CrlType: fc.constantFrom('COMPLETE' as const, 'PARTITIONED' as const),
      CustomPath: fc.constant('a/b'),
      CustomCname: hosts.filter((host) => host !== undefined),
    },
    { requiredKeys: ['ExpirationInDays'] },
  )
  fc.assert(
    fc.property(crls, fc.boolean(), (more, enabled) => {
      const kept = requireRevocation(
        { CrlConfiguration: { ...crl, ...more }, OcspConfiguration: { Enabled: enabled } },
        noRevocation,
      )
      assert.deepEqual(requireRevocation(kept, noRevocation), kept)
      assert.deepEqual(requireRevocation(JSON.parse(JSON.stringify(kept)), noRevocation), kept)
    }),
  )
})

test('a disabled block cannot have other parameters', () => {
  assert.deepEqual(keptCrl({ Enabled: false }), { Enabled: false })
  assert.deepEqual(keptOcsp({ Enabled: false }), { Enabled: false })
  for (const more of [
    { ExpirationInDays: 7 },
    { S3BucketName: 'my-crls' },
    { CustomCname: '' },
    { CrlType: 'COMPLETE' },
    { CrlDistributionPointExtensionConfiguration: { OmitExtension: false } },
  ] as const)
    assert.throws(
      () => keptCrl({ Enabled: false, ...more }),
      isInvalid(/CrlConfiguration is disabled/),
    )
  assert.throws(
    () => keptOcsp({ Enabled: false, OcspCustomCname: 'o.example.com' }),
    isInvalid(/OcspConfiguration is disabled/),
  )
})

test('an enabled CRL needs a bucket and a validity', () => {
  assert.throws(
    () => keptCrl({ Enabled: true, S3BucketName: 'my-crls' }),
    isInvalid(/ExpirationInDays/),
  )
  assert.throws(() => keptCrl({ Enabled: true, ExpirationInDays: 7 }), isInvalid(/S3BucketName/))
})

test('a host name must not start with a protocol', () => {
  for (const host of ['http://crl.example.com', 'https://x', 'HTTP://x', 'ldap://x', 'x+y://z']) {
    assert.throws(() => keptCrl({ ...crl, CustomCname: host }), isInvalid(/CustomCname must not/))
    assert.throws(
      () => keptOcsp({ Enabled: true, OcspCustomCname: host }),
      isInvalid(/OcspCustomCname must not/),
    )
  }
  for (const OcspCustomCname of ['', 'ocsp.example.com', 'host:8080/path', 'host/', 'a/b:c//'])
    assert.deepEqual(keptOcsp({ Enabled: true, OcspCustomCname }), {
      Enabled: true,
      OcspCustomCname,
    })
})

test('OmitExtension and CustomCname cannot be combined', () => {
  const omits = { CrlDistributionPointExtensionConfiguration: { OmitExtension: true } }
  assert.throws(
    () => keptCrl({ ...crl, ...omits, CustomCname: 'crl.example.com' }),
    isInvalid(/OmitExtension/),
  )
  for (const more of [{}, { CustomCname: '' }, { CustomPath: 'a' }])
    assert.equal(keptCrl({ ...crl, ...omits, ...more }).Enabled, true)
})

test('bucket names follow the rules of S3', () => {
  for (const name of [
    'abc',
    'a-b',
    'a.b.c',
    '1a2',
    'a'.repeat(63),
    '1.2.3',
    '1.2.3.4.5',
    'my-crls',
  ])
    assert.doesNotThrow(() => requireBucketName(name), name)
  for (const name of [
    '',
    'ab',
    'a'.repeat(64),
    'Abc',
    'a_b',
    'a/b',
    'a b',
    '-abc',
    'abc-',
    '.abc',
    'abc.',
    'a..b',
    '192.168.5.4',
    'abc\n',
    'äbc',
  ]) {
    assert.throws(() => requireBucketName(name), isInvalid(/naming rules/), JSON.stringify(name))
    assert.throws(() => keptCrl({ ...crl, S3BucketName: name }), ServiceError)
  }
})
