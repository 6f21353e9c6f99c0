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
import { keyIdentifier, parseSubjectPublicKeyInfo } from '../x509/subject-public-key-info.ts'
import type { Issuer } from './issuer.ts'
import { lints, lintTbsCertificate } from './lint.ts'

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const identifier = new Uint8Array(20).fill(1)
const spki = publicKey.export({ format: 'der', type: 'spki' })
const san: Extension = {
  oid: oids.subjectAltName,
  critical: true,
  value: Buffer.from('3003820161', 'hex'),
}
const ski: Extension = {
  oid: oids.subjectKeyIdentifier,
  critical: false,
  value: encodeSubjectKeyIdentifier(keyIdentifier(parseSubjectPublicKeyInfo(spki))),
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
  subjectPublicKeyInfo: spki,
  extensions: [constraints(false, false), aki, ski],
}

const issuer: Issuer = {
  subjectDer: good.issuer,
  keyIdentifier: identifier,
  subjectPublicKeyInfo: parseSubjectPublicKeyInfo(good.subjectPublicKeyInfo),
  notAfter: new Date('2030-01-01T00:00:00Z'),
  remainingPathLength: undefined,
  shortLived: false,
  nameConstraints: [],
}

const found = (fields: TbsCertificateFields, by: Issuer | 'self' = issuer): string[] =>
  lintTbsCertificate(encodeTbsCertificate(fields), by === 'self' ? undefined : by).map(
    ({ name }) => name,
  )

test('finds nothing in a right certificate', () => {
  assert.deepEqual(found(good), [])
  assert.deepEqual(
    found({ ...good, subject: encodeName([]), extensions: [...good.extensions, san] }),
    [],
  )
  assert.deepEqual(
    found(
      { ...good, issuer: good.subject, extensions: [constraints(true, true), ski, certSign] },
      'self',
    ),
    [],
  )
})

const digitalSignature: Extension = { ...certSign, value: encodeKeyUsage(['digitalSignature']) }
const custom = (oid: string, value: string, critical = false): Extension => ({
  oid,
  critical,
  value: Buffer.from(value, 'hex'),
})
const ca = constraints(true, true)

/** For each lint, certificates that do not pass it and pass every other. */
const wrong: Record<string, readonly Partial<TbsCertificateFields>[]> = {
  'serial-number': [
    { serialNumber: Uint8Array.of(0) },
    { serialNumber: new Uint8Array(20).fill(0xff) },
    { serialNumber: new Uint8Array(21).fill(1) },
  ],
  'issuer-not-empty': [{ issuer: encodeName([]) }],
  'validity-order': [{ notAfter: new Date('2025-01-01T00:00:00Z') }],
  'within-issuer': [{ notAfter: new Date('2030-01-01T00:00:01Z') }],
  'empty-subject': [
    { subject: encodeName([]), extensions: [aki, ski, { ...san, critical: false }] },
    { subject: encodeName([]), extensions: [aki, ski] },
    { subject: encodeName([]), extensions: [ca, aki, ski, san] },
  ],
  'subject-value-types': [
    // A VisibleString and an INTEGER as commonName.
    { subject: Buffer.from('300c310a300806035504031a0161', 'hex') },
    { subject: Buffer.from('300c310a30080603550403020101', 'hex') },
  ],
  'subject-alternative-name': [
    { extensions: [aki, ski, custom(oids.subjectAltName, '3000')] },
    { extensions: [aki, ski, custom(oids.subjectAltName, '3003870101')] },
  ],
  'ca-basic-constraints-critical': [{ extensions: [constraints(true, false), aki, ski] }],
  'ca-key-cert-sign': [{ extensions: [ca, aki, ski, digitalSignature] }],
  'end-entity-key-cert-sign': [
    { extensions: [constraints(false, false), aki, ski, certSign] },
    { extensions: [aki, ski, certSign] },
  ],
  'key-usage-not-empty': [{ extensions: [aki, ski, custom(oids.keyUsage, '030100', true)] }],
  'extended-key-usage': [
    { extensions: [aki, ski, custom(oids.extendedKeyUsage, '3000')] },
    { extensions: [aki, ski, custom(oids.extendedKeyUsage, '300806022a0306022a03')] },
  ],
  'certificate-policies': [
    { extensions: [aki, ski, custom(oids.certificatePolicies, '3000')] },
    { extensions: [aki, ski, custom(oids.certificatePolicies, '300c300406022a03300406022a03')] },
    { extensions: [aki, ski, custom(oids.certificatePolicies, '3006300406022a030500')] },
  ],
  'subject-key-identifier': [
    { extensions: [aki] },
    { extensions: [aki, { ...ski, critical: true }] },
    { extensions: [aki, { ...ski, value: encodeSubjectKeyIdentifier(new Uint8Array(20)) }] },
  ],
  'authority-key-identifier': [
    { extensions: [ski] },
    { extensions: [{ ...aki, critical: true }, ski] },
    { extensions: [{ ...aki, value: encodeAuthorityKeyIdentifier(new Uint8Array(20)) }, ski] },
  ],
  'name-constraints-ca': [{ extensions: [aki, ski, custom(oids.nameConstraints, '3000', true)] }],
}

for (const [name, changes] of Object.entries(wrong))
  test(`finds ${name}`, () => {
    for (const change of changes) assert.deepEqual(found({ ...good, ...change }), [name])
  })

test('finds what is not DER, and the wrong version', () => {
  const der = encodeTbsCertificate({ ...good, extensions: [aki, aki, ski] })
  assert.deepEqual(
    lintTbsCertificate(der, issuer).map(({ name, rule }) => [name, rule]),
    [['strict-der', 'extension authorityKeyIdentifier occurs twice']],
  )
  const older = Uint8Array.from(encodeTbsCertificate(good))
  const version = Buffer.from(older).indexOf(Buffer.from('a003020102', 'hex'))
  older[version + 4] = 1
  assert.deepEqual(
    lintTbsCertificate(older, issuer).map(({ name }) => name),
    ['strict-der'],
  )
})

test('every lint has a certificate that does not pass it', () => {
  // A certificate of another version with extensions cannot be read at all.
  const tested = new Set([...Object.keys(wrong), 'version-3'])
  assert.deepEqual(
    lints.map(({ name }) => name).filter((name) => !tested.has(name)),
    [],
  )
})
