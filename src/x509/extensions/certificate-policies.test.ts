import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { encodeCertificatePolicies, parsePolicyIdentifiers } from './certificate-policies.ts'
import { DerError } from '../der/error.ts'

test('policies survive a round trip in order, with and without qualifiers', () => {
  const policy = fc.record(
    {
      policyIdentifier: fc.nat().map((arc) => `1.3.6.1.4.1.${arc}`),
      cpsUris: fc.array(fc.webUrl(), { maxLength: 3 }),
    },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(fc.array(policy, { minLength: 1, maxLength: 10 }), (policies) => {
      assert.deepEqual(
        parsePolicyIdentifiers(encodeCertificatePolicies(policies)),
        policies.map(({ policyIdentifier }) => policyIdentifier),
      )
    }),
  )
})

test('a CPS URI must be ASCII, and any bytes are read or refused with a DerError', () => {
  assert.throws(
    () => encodeCertificatePolicies([{ policyIdentifier: '1.2.3', cpsUris: ['http://ü'] }]),
    DerError,
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (value) => {
      try {
        parsePolicyIdentifiers(value)
      } catch (error) {
        assert.ok(error instanceof DerError, String(error))
      }
    }),
  )
})
