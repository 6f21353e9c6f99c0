import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import { encodeBasicConstraints } from '../x509/basic-constraints.ts'
import { encodeTbsCertificate, type TbsCertificateFields } from '../x509/certificate.ts'
import type { Extension } from '../x509/extensions.ts'
import {
  encodeAuthorityKeyIdentifier,
  encodeSubjectKeyIdentifier,
} from '../x509/key-identifiers.ts'
import { encodeKeyUsage } from '../x509/key-usage.ts'
import { encodeName } from '../x509/name.ts'
import { oids } from '../x509/oid.ts'
import { lintTbsCertificate } from './lint.ts'

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const identifier = new Uint8Array(20).fill(1)
const san: Extension = {
  oid: oids.subjectAltName,
  critical: true,
  value: Buffer.from('3003820161', 'hex'),
}
const ski: Extension = {
  oid: oids.subjectKeyIdentifier,
  critical: false,
  value: encodeSubjectKeyIdentifier(identifier),
}
const aki: Extension = {
  oid: oids.authorityKeyIdentifier,
  critical: false,
  value: encodeAuthorityKeyIdentifier(identifier),
}
const certSign: Extension = {
  oid: oids.keyUsage,
  critical: true,
  value: encodeKeyUsage(['keyCertSign']),
}
const constraints = (ca: boolean, critical: boolean): Extension => ({
  oid: oids.basicConstraints,
  critical,
  value: encodeBasicConstraints({ ca, pathLenConstraint: undefined }),
})
const good: TbsCertificateFields = {
  serialNumber: Uint8Array.of(1),
  signatureAlgorithm: signatureAlgorithmIdentifier('SHA256WITHECDSA'),
  issuer: encodeName([{ type: oids.commonName, value: 'issuer' }]),
  notBefore: new Date('2026-01-01T00:00:00Z'),
  notAfter: new Date('2027-01-01T00:00:00Z'),
  subject: encodeName([{ type: oids.commonName, value: 'subject' }]),
  subjectPublicKeyInfo: publicKey.export({ format: 'der', type: 'spki' }),
  extensions: [constraints(false, false), aki, ski],
}

test('lets a right certificate pass', () => {
  lintTbsCertificate(encodeTbsCertificate(good))
  lintTbsCertificate(
    encodeTbsCertificate({
      ...good,
      subject: encodeName([]),
      extensions: [...good.extensions, san],
    }),
  )
  lintTbsCertificate(
    encodeTbsCertificate({
      ...good,
      issuer: good.subject,
      extensions: [constraints(true, true), ski, certSign],
    }),
  )
})

const wrong: Record<string, Partial<TbsCertificateFields>> = {
  'serial number is positive': { serialNumber: Uint8Array.of(0) },
  'of at most 20 octets': { serialNumber: new Uint8Array(20).fill(0xff) },
  'issuer is not empty': { issuer: encodeName([]) },
  'validity does not end before': { notAfter: new Date('2025-01-01T00:00:00Z') },
  'empty subject has a critical': {
    subject: encodeName([]),
    extensions: [aki, ski, { ...san, critical: false }],
  },
  'and is not a CA': {
    subject: encodeName([]),
    extensions: [constraints(true, true), aki, ski, san],
  },
  'CA has critical basic constraints': { extensions: [constraints(true, false), aki, ski] },
  'keyCertSign is asserted by a CA only': {
    extensions: [constraints(false, false), aki, ski, certSign],
  },
  'subject key identifier is present': { extensions: [aki] },
  'authority key identifier is present': { extensions: [ski] },
}

for (const [text, change] of Object.entries(wrong))
  test(`stops a certificate that breaks: ${text}`, () => {
    assert.throws(() => lintTbsCertificate(encodeTbsCertificate({ ...good, ...change })), {
      name: 'AssertionError',
      message: new RegExp(text),
    })
  })
