import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alternativeNames, text } from '../../test/support/crafted-certificates.ts'
import { attribute, craftRequest, utf8String } from '../../test/support/crafted-requests.ts'
import { parseCertificationRequest, parseRequestAttributes } from './certification-request.ts'
import { DerError } from './der/error.ts'
import { oids } from './der/oid.ts'

test('all attributes of a CSR are read, also those that contain no extensions', () => {
  const request = parseCertificationRequest(
    craftRequest({
      extensions: [alternativeNames([text('dNSName', 'device-1.corp.example')])],
      attributes: [attribute(oids.challengePassword, utf8String('secret'))],
    }),
  )
  assert.equal(request.extensions.length, 1)
  const [requested, password] = parseRequestAttributes(request)
  assert.equal(requested?.type, oids.extensionRequest)
  assert.equal(password?.type, oids.challengePassword)
  assert.deepEqual(
    password.values.map(({ der }) => der),
    [utf8String('secret')],
  )
  assert.deepEqual(parseRequestAttributes(parseCertificationRequest(craftRequest())), [])
})

test('an attribute without values, or with too many, is refused only when attributes are read', () => {
  const values = Array.from({ length: 65 }, (_, index) => utf8String(String(index)))
  for (const bad of [
    attribute(oids.challengePassword),
    attribute(oids.challengePassword, ...values),
  ]) {
    const request = parseCertificationRequest(craftRequest({ attributes: [bad] }))
    assert.throws(() => parseRequestAttributes(request), DerError)
  }
})
