/** Tests of OCSP responses that Signet encodes, and of malformed responses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { signatureAlgorithmIdentifier } from '../algorithm-identifier.ts'
import { DerError } from '../der/error.ts'
import { encodeOctetString, encodeSequence, encodeUnsigned } from '../der/writer.ts'
import { parseOcspAnswer } from './parse-response.ts'
import {
  encodeOcspError,
  encodeOcspResponse,
  encodeResponseData,
  type SingleResponse,
} from './encode-response.ts'
import { encodeOidElement, oids } from '../der/oid.ts'

const filled = (value: number, count: number): Uint8Array => new Uint8Array(count).fill(value)
const certId = encodeSequence(
  encodeSequence(encodeOidElement(oids.sha1)),
  encodeOctetString(filled(1, 20)),
  encodeOctetString(filled(2, 20)),
  encodeUnsigned(Uint8Array.of(0xab, 0xcd)),
)

function responseWith(revocation: SingleResponse['revocation']): Uint8Array {
  const data = encodeResponseData({
    responderKeyHash: filled(2, 20),
    producedAt: new Date('2026-03-01T08:00:00Z'),
    responses: [
      {
        certId,
        revocation,
        thisUpdate: new Date('2026-03-01T07:00:00Z'),
        nextUpdate: new Date('2026-03-01T09:00:00Z'),
      },
    ],
    nonce: undefined,
  })
  return encodeOcspResponse({
    responseData: data,
    signatureAlgorithm: signatureAlgorithmIdentifier('SHA256WITHECDSA'),
    signature: filled(3, 70),
    certificate: undefined,
  })
}

test('responses of Signet are read back: good, revoked with a reason, and revoked without a reason', () => {
  const good = parseOcspAnswer(responseWith(undefined))
  assert.equal(good.status, 'successful')
  assert.deepEqual(good.basic?.responderId, { kind: 'keyHash', bytes: filled(2, 20) })
  assert.equal(good.basic?.producedAt.toISOString(), '2026-03-01T08:00:00.000Z')
  const [single] = good.basic?.responses ?? []
  assert.equal(single?.certStatus, 'good')
  assert.equal(Buffer.from(single?.serialNumber ?? []).toString('hex'), '00abcd')
  assert.equal(single?.hashAlgorithm, oids.sha1)
  assert.equal(single?.nextUpdate?.toISOString(), '2026-03-01T09:00:00.000Z')
  for (const reasonCode of [0, 1]) {
    const revocationTime = new Date('2026-02-01T00:00:00Z')
    const [revoked] =
      parseOcspAnswer(responseWith({ revocationTime, reasonCode })).basic?.responses ?? []
    assert.equal(revoked?.certStatus, 'revoked')
    assert.deepEqual(revoked?.revocationTime, revocationTime)
    assert.equal(revoked?.reasonCode, reasonCode === 0 ? undefined : 1)
  }
})

test('error responses are read back with their status', () => {
  for (const status of ['malformedRequest', 'internalError', 'tryLater', 'unauthorized'] as const)
    assert.deepEqual(parseOcspAnswer(encodeOcspError(status)), { status, basic: undefined })
})

test('an undefined status, a successful response without response bytes, and truncated responses are refused', () => {
  for (const hex of ['30030a0104', '30030a0100', '30030a0107', '3003020100', '3000', ''])
    assert.throws(() => parseOcspAnswer(Buffer.from(hex, 'hex')), DerError, hex)
  const whole = responseWith(undefined)
  for (let length = 0; length < whole.length; length += 1)
    assert.throws(() => parseOcspAnswer(whole.subarray(0, length)), DerError)
})

test('a response with any byte changed is read, or refused with a DerError', () => {
  const whole = Buffer.from(responseWith({ revocationTime: new Date(0), reasonCode: 4 }))
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
      const changed = Buffer.from(whole)
      changed[at] = byte
      try {
        parseOcspAnswer(changed)
      } catch (error) {
        assert.ok(error instanceof DerError, String(error))
      }
    }),
  )
})
