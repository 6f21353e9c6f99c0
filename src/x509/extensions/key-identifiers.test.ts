import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DerError } from '../der/error.ts'
import { contextTag } from '../der/reader.ts'
import { encodeElement, encodeSequence } from '../der/writer.ts'
import { encodeGeneralName } from '../names/general-name.ts'
import { parseAuthorityCertIssuer, parseAuthorityKeyIdentifier } from './key-identifiers.ts'

const keyIdentifier = Uint8Array.from({ length: 20 }, (_, index) => index)
const issuer = encodeGeneralName({ kind: 'dNSName', content: Buffer.from('a.test') })

/** DER of an AuthorityKeyIdentifier with all members; `serialHex` is the content of its serial number. */
function identifierWith(serialHex: string): Uint8Array {
  return encodeSequence(
    encodeElement(contextTag(0, false), keyIdentifier),
    encodeElement(contextTag(1, true), issuer),
    encodeElement(contextTag(2, false), Buffer.from(serialHex, 'hex')),
  )
}

test('any INTEGER is accepted as authorityCertSerialNumber', () => {
  for (const serialHex of ['01', '00', 'ff', '0080', '7f'.repeat(64)]) {
    const value = identifierWith(serialHex)
    assert.deepEqual(Buffer.from(parseAuthorityKeyIdentifier(value)!), Buffer.from(keyIdentifier))
    assert.equal(parseAuthorityCertIssuer(value).length, 1)
  }
})

test('an authorityCertSerialNumber that is not a DER INTEGER is refused', () => {
  for (const [serialHex, message] of [
    ['', /authorityCertSerialNumber is an empty INTEGER/],
    ['0001', /authorityCertSerialNumber is not a minimal INTEGER/],
    ['ff80', /authorityCertSerialNumber is not a minimal INTEGER/],
  ] as const)
    for (const parse of [parseAuthorityKeyIdentifier, parseAuthorityCertIssuer])
      assert.throws(
        () => parse(identifierWith(serialHex)),
        (error) => error instanceof DerError && message.test(error.message),
      )
})

test('an authorityCertIssuer without authorityCertSerialNumber is refused', () => {
  const value = encodeSequence(encodeElement(contextTag(1, true), issuer))
  for (const parse of [parseAuthorityKeyIdentifier, parseAuthorityCertIssuer])
    assert.throws(() => parse(value), /must have both/)
})
