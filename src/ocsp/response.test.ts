/** Tests of the contents and validity period of OCSP responses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { encodeSequence, encodeUnsigned } from '../x509/der/writer.ts'
import { encodeResponseData } from '../x509/ocsp/encode-response.ts'
import { ocspLife, ocspResponseData, type OcspParameters } from './response.ts'

const now = new Date('2026-03-01T08:15:30.250Z')
const responderKeyHash = new Uint8Array(20).fill(0xab)
const certId = (octet: number): Uint8Array => encodeSequence(encodeUnsigned(Uint8Array.of(octet)))

test('a response is valid for the given seconds and replaced after half of them', () => {
  assert.deepEqual(ocspLife({ now, validitySeconds: 3600 }), {
    producedAt: now,
    nextUpdate: new Date('2026-03-01T09:15:30.250Z'),
    freshUntil: new Date('2026-03-01T08:45:30.250Z'),
  })
  fc.assert(
    fc.property(
      fc.date({ min: new Date(0), max: new Date('2999-01-01'), noInvalidDate: true }),
      fc.integer({ min: 2, max: 604_800 }),
      (date, validitySeconds) => {
        const { nextUpdate, freshUntil } = ocspLife({ now: date, validitySeconds })
        assert.equal(nextUpdate.getTime() - date.getTime(), validitySeconds * 1000)
        assert.equal(freshUntil.getTime() - date.getTime(), validitySeconds * 500)
        // A cached response remains valid for at least one second.
        assert.ok(nextUpdate.getTime() - freshUntil.getTime() >= 1000)
      },
    ),
  )
})

test('a response has the status of every certificate in the order of the request', () => {
  const statuses: OcspParameters['statuses'] = [
    { certId: certId(3), revocation: undefined },
    {
      certId: certId(1),
      revocation: { revocationTime: new Date('2026-02-01T00:00:00Z'), reasonCode: 4 },
    },
    { certId: certId(2), revocation: undefined },
  ]
  const nonce = { oid: '1.3.6.1.5.5.7.48.1.2', critical: false, value: Uint8Array.of(4, 1, 7) }
  for (const withNonce of [undefined, nonce])
    assert.deepEqual(
      ocspResponseData({
        responderKeyHash,
        now,
        validitySeconds: 60,
        statuses,
        nonce: withNonce,
      }),
      encodeResponseData({
        responderKeyHash,
        producedAt: now,
        responses: statuses.map((status) => ({
          ...status,
          thisUpdate: now,
          nextUpdate: new Date('2026-03-01T08:16:30Z'),
        })),
        nonce: withNonce,
      }),
    )
})
