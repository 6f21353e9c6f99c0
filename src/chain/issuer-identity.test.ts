/** Tests of CA identities: the certificates that share an identity, and the numbers and file names of identities. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  basicConstraints,
  certSignUsage,
  craft,
  newKeys,
} from '../../test/support/crafted-certificates.ts'
import type { Certificate } from '../x509/certificate.ts'
import { encodeSubjectKeyIdentifier } from '../x509/extensions/key-identifiers.ts'
import { encodeName } from '../x509/names/name.ts'
import { oids } from '../x509/der/oid.ts'
import { keyIdentifier } from '../x509/subject-public-key-info.ts'
import {
  identityFileName,
  identityOf,
  issuerKeyIdentifier,
  parseIdentityFileName,
  sameIdentity,
  supersededIdentities,
  type IdentifiedCertificate,
} from './issuer-identity.ts'

const keys = newKeys()

function certificateOf(commonName: string, identifier?: string): Certificate {
  const value = identifier && encodeSubjectKeyIdentifier(Buffer.from(identifier))
  return craft({
    keys,
    subject: encodeName([{ type: oids.commonName, value: commonName }]),
    extensions: [
      basicConstraints(),
      certSignUsage,
      ...(value ? [{ oid: oids.subjectKeyIdentifier, critical: false, value }] : []),
    ],
  }).certificate
}

test('an identity is the encoded subject and the key identifier', () => {
  const one = certificateOf('CA', 'a')
  assert.ok(sameIdentity(one, certificateOf('CA', 'a')))
  for (const other of [certificateOf('ca', 'a'), certificateOf('CA', 'b'), certificateOf('CA')])
    assert.ok(!sameIdentity(one, other))
})

test('without the subjectKeyIdentifier extension, the key identifier is the SHA-1 hash of the key', () => {
  const { subjectPublicKeyInfo } = certificateOf('CA')
  const sha1 = keyIdentifier(subjectPublicKeyInfo)
  assert.deepEqual(issuerKeyIdentifier(certificateOf('CA')), sha1)
  assert.ok(sameIdentity(certificateOf('CA'), certificateOf('CA')))
})

const kinds = ['a', 'b', 'c'].map((name) => certificateOf(name))

test('property: certificates have the same number if and only if they have the same identity', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(kinds.length - 1), { minLength: 1, maxLength: 12 }), (sequence) => {
      const earlier: IdentifiedCertificate[] = []
      for (const kind of sequence) {
        const certificate = kinds[kind] as Certificate
        earlier.push({ identity: identityOf(certificate, earlier), certificate })
      }
      assert.equal(earlier[0]?.identity, 1)
      const numbers = new Map(sequence.map((kind, at) => [kind, earlier[at]?.identity]))
      assert.deepEqual(
        earlier.map(({ identity }) => identity),
        sequence.map((kind) => numbers.get(kind)),
      )
      assert.deepEqual(
        new Set(numbers.values()),
        new Set(Array.from({ length: numbers.size }, (_, at) => at + 1)),
      )
      assert.deepEqual(supersededIdentities(earlier), [])
    }),
    { seed: 15, numRuns: 200 },
  )
})

test('if an earlier version gave all certificates the number 1, the last certificate keeps that number', () => {
  const [a, b, c] = kinds as [Certificate, Certificate, Certificate]
  const earlier = [a, b].map((certificate) => ({ identity: 1, certificate }))
  assert.equal(identityOf(b, earlier), 1)
  assert.equal(identityOf(a, earlier), 2)
  assert.equal(identityOf(c, earlier), 2)
  assert.deepEqual(supersededIdentities(earlier), [earlier[0]])
  const renewed = [...earlier, { identity: 2, certificate: a }]
  assert.deepEqual(supersededIdentities(renewed), [earlier[0]])
})

test('property: file names survive a round trip, and other texts are rejected', () => {
  const id = fc.uuid()
  fc.assert(
    fc.property(id, fc.integer({ min: 1, max: 999_999_999 }), (authorityId, identity) => {
      const name = identityFileName(authorityId, identity)
      assert.deepEqual(parseIdentityFileName(name), { authorityId, identity })
    }),
    { seed: 15, numRuns: 200 },
  )
  const uuid = '01234567-89ab-4def-8123-456789abcdef'
  const others = ['', 'x', `${uuid}-`, `${uuid}-0`, `${uuid}-1`, `${uuid}-02`, `${uuid}-2-2`]
  for (const other of [...others, `${uuid}-1234567890`, uuid.toUpperCase(), ` ${uuid}`])
    assert.equal(parseIdentityFileName(other), undefined, other)
})
