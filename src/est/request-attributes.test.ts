import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attribute, craftRequest, utf8String } from '../../test/support/crafted-requests.ts'
import { parseCertificationRequest } from '../x509/certification-request.ts'
import { oids } from '../x509/der/oid.ts'
import { tags } from '../x509/der/reader.ts'
import { encodeElement, encodeOctetString } from '../x509/der/writer.ts'
import { EstError } from './est-error.ts'
import { requireAttributes } from './request-attributes.ts'

const binding = Buffer.from('binding of the connection').toString('base64')

/** Returns the message of the refusal; undefined if the attributes are accepted. */
function refusal(attributes: readonly Uint8Array[], channelBinding?: string): string | undefined {
  const request = parseCertificationRequest(craftRequest({ attributes }))
  try {
    requireAttributes(request, () => channelBinding)
  } catch (error) {
    assert.ok(error instanceof EstError)
    assert.equal(error.status, 400)
    return error.message
  }
  return undefined
}

test('a CSR that is linked to a connection is accepted only on this connection', () => {
  for (const type of [oids.challengePassword, oids.estIdentityLinking]) {
    const linked = (...values: readonly Uint8Array[]) => [attribute(type, ...values)]
    assert.equal(refusal(linked(utf8String(binding)), binding), undefined)
    const printable = encodeElement(tags.printableString, Buffer.from(binding))
    assert.equal(refusal(linked(printable), binding), undefined)
    for (const other of ['', 'password', `${binding} `, binding.toLowerCase()])
      assert.match(String(refusal(linked(utf8String(other)), binding)), /does not match the TLS/)
    assert.match(
      String(refusal(linked(encodeOctetString(Buffer.from(binding))), binding)),
      /does not match/,
    )
    assert.match(
      String(refusal(linked(utf8String(binding), utf8String('other')), binding)),
      /does not match/,
    )
    assert.match(String(refusal(linked(utf8String(binding)))), /no safe channel binding/)
  }
})

test('a repeated link is checked each time', () => {
  const right = attribute(oids.challengePassword, utf8String(binding))
  const wrong = attribute(oids.challengePassword, utf8String('wrong'))
  assert.equal(refusal([right, right], binding), undefined)
  assert.match(String(refusal([right, wrong], binding)), /does not match/)
})

test('attributes that ask for something unsupported are refused, and unknown attributes are not', () => {
  const refused = [
    oids.otpChallenge,
    oids.revocationChallenge,
    oids.changeSubjectName,
    oids.decryptKeyId,
    oids.asymmetricDecryptKeyId,
  ]
  for (const type of refused)
    assert.match(String(refusal([attribute(type, utf8String('x'))], binding)), /not supported/)
  assert.equal(refusal([attribute('1.2.3.4', utf8String('x'))], binding), undefined)
  assert.equal(refusal([]), undefined)
})
