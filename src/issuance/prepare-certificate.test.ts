import assert from 'node:assert/strict'
import { test } from 'node:test'
import { csr as csrPem } from '../../test/support/csrs.ts'
import { parseTbsCertificate } from '../x509/certificate.ts'
import { encodeName } from '../x509/names/name.ts'
import { acceptCsr } from './accept-csr.ts'
import { authorityKeyIdentifierOf, type AuthorityKey, type Issuer } from './issuer.ts'
import { noPassthrough } from './passthrough.ts'
import {
  prepareCertificate,
  requireReadBack,
  restorePreparation,
  signerOf,
  type CertificateParameters,
  type PreparedCertificate,
} from './prepare-certificate.ts'
import { requireTemplate } from './templates.ts'

const day = 86_400_000
const hexOf = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')
const issuedAt = new Date('2026-01-01T00:00:00Z')
const csr = await acceptCsr(Buffer.from(csrPem('ec-no-san')), {
  lint: 'error',
  weakKeys: 'refuse',
  verifySignatures: 'all',
})

const ownKey: AuthorityKey = {
  keyHandle: 'own',
  subjectPublicKeyInfo: csr.request.subjectPublicKeyInfo,
}

const issuerKeyIdentifier = new Uint8Array(20).fill(7)
const issuer: Issuer = {
  keyHandle: 'of the issuer',
  subjectDer: encodeName([{ type: '2.5.4.3', value: 'issuer' }]),
  keyIdentifier: issuerKeyIdentifier,
  authorityKeyIdentifier: authorityKeyIdentifierOf(issuerKeyIdentifier),
  subjectPublicKeyInfo: csr.request.subjectPublicKeyInfo,
  notAfter: new Date(issuedAt.getTime() + 100 * day),
  remainingPathLength: undefined,
  shortLived: false,
  nameConstraints: [],
}

function orderOf(template: string, days = 1): CertificateParameters {
  return {
    template: requireTemplate(template),
    csr,
    passthrough: noPassthrough,
    period: {
      notBefore: new Date(issuedAt.getTime() - 3_600_000),
      notAfter: new Date(issuedAt.getTime() + days * day),
    },
    issuedAt,
    serialNumber: Uint8Array.of(0x80, 1),
    signingAlgorithm: 'SHA256WITHECDSA',
    pointers: {},
  }
}

const refused = (order: CertificateParameters, by: Partial<Issuer>, message: RegExp): void =>
  assert.throws(() => prepareCertificate(order, { ...issuer, ...by }), {
    code: 'ValidationException',
    message,
  })

test('a certificate contains issuer, subject, validity and signature algorithm', () => {
  const order = orderOf('EndEntityCertificate')
  const prepared = prepareCertificate(order, issuer)
  const tbs = parseTbsCertificate(prepared.tbsCertificateDer)
  assert.equal(hexOf(tbs.issuer.der), hexOf(issuer.subjectDer))
  assert.equal(hexOf(prepared.issuerDer), hexOf(issuer.subjectDer))
  assert.equal(signerOf(prepared), issuer, 'no other key can sign it')
  assert.equal(prepared.isCa, false)
  assert.equal(hexOf(tbs.subject.der), hexOf(csr.request.subject.der))
  assert.equal(hexOf(tbs.subjectPublicKeyInfo.der), hexOf(csr.request.subjectPublicKeyInfo.der))
  assert.equal(hexOf(tbs.serialNumber), '008001')
  assert.deepEqual([tbs.notBefore, tbs.notAfter], [order.period.notBefore, order.period.notAfter])
  assert.equal(hexOf(tbs.signatureAlgorithm.der), hexOf(prepared.signatureAlgorithm))
  assert.equal(tbs.signatureAlgorithm.oid, '1.2.840.10045.4.3.2')
  assert.deepEqual(prepared.findings, [])
  assert.equal(prepared.templateName, 'EndEntityCertificate')
  assert.deepEqual(prepared.notAfter, order.period.notAfter)
})

test('a root is its own issuer, with any validity', () => {
  const prepared = prepareCertificate(orderOf('RootCACertificate', 100_000), ownKey)
  const tbs = parseTbsCertificate(prepared.tbsCertificateDer)
  assert.equal(hexOf(tbs.issuer.der), hexOf(tbs.subject.der))
  assert.equal(hexOf(prepared.issuerDer), hexOf(tbs.subject.der))
  assert.equal(signerOf(prepared), ownKey)
  assert.equal(prepared.isCa, true)
  assert.deepEqual(prepared.findings, [])
})

test('a certificate does not outlive its issuer', () => {
  prepareCertificate(orderOf('EndEntityCertificate', 100), issuer)
  refused(
    orderOf('EndEntityCertificate', 100 + 1 / 86_400),
    {},
    /exceeds the certificate authority/,
  )
})

test('the path length decreases from CA to CA', () => {
  const template = (length: number): CertificateParameters =>
    orderOf(`SubordinateCACertificate_PathLen${length}`)
  for (const remainingPathLength of [0, 1, 2, 3, 4, undefined])
    for (const length of [0, 1, 2, 3])
      if (length < (remainingPathLength ?? Infinity))
        prepareCertificate(template(length), { ...issuer, remainingPathLength })
      else
        refused(
          template(length),
          { remainingPathLength },
          new RegExp(`^Template SubordinateCACertificate_PathLen${length} is not allowed`),
        )
  prepareCertificate(orderOf('EndEntityCertificate'), { ...issuer, remainingPathLength: 0 })
})

test('short-lived CAs issue only end-entity certificates for at most seven days', () => {
  const shortLived = { shortLived: true }
  prepareCertificate(orderOf('EndEntityCertificate', 7), { ...issuer, ...shortLived })
  refused(orderOf('EndEntityCertificate', 8), shortLived, /exceeds 7 days/)
  refused(orderOf('SubordinateCACertificate_PathLen0'), shortLived, /is not allowed/)
})

test('a certificate that does not match the values it was encoded from is refused, and the error names the field', () => {
  const prepared = prepareCertificate(orderOf('EndEntityCertificate'), issuer)
  requireReadBack(prepared)
  requireReadBack(prepareCertificate(orderOf('RootCACertificate'), ownKey))
  const { fields } = prepared
  const second = (date: Date): Date => new Date(date.getTime() + 1000)
  const [first, ...rest] = fields.extensions
  assert.ok(first)
  const changes: readonly Partial<PreparedCertificate['fields']>[] = [
    { serialNumber: Uint8Array.of(0x80, 2) },
    { signatureAlgorithm: Uint8Array.of(0x30, 0) },
    { issuer: encodeName([]) },
    { notBefore: second(fields.notBefore) },
    { notAfter: second(fields.notAfter) },
    { subject: encodeName([]) },
    { subjectPublicKeyInfo: fields.subjectPublicKeyInfo.slice(1) },
    { extensions: rest },
    { extensions: [...fields.extensions, first] },
    { extensions: [...rest, first] },
    { extensions: [{ ...first, critical: !first.critical }, ...rest] },
    { extensions: [{ ...first, oid: '1.2.3' }, ...rest] },
    { extensions: [{ ...first, value: Uint8Array.of(5, 0) }, ...rest] },
  ]
  const fieldsChanged = new Set<string>()
  for (const change of changes) {
    const [field = ''] = Object.keys(change)
    fieldsChanged.add(field)
    assert.throws(() => requireReadBack({ ...prepared, fields: { ...fields, ...change } }), {
      message: `the encoded certificate differs from its values: ${field}`,
    })
  }
  assert.deepEqual([...fieldsChanged].toSorted(), Object.keys(fields).toSorted())
})

test('a certificate is refused if the lint finds different problems in its bytes and in its values', () => {
  const prepared = prepareCertificate(orderOf('EndEntityCertificate'), {
    ...issuer,
    keyIdentifier: new Uint8Array(20),
  })
  assert.deepEqual(
    prepared.findings.map(({ name }) => name),
    ['authority-key-identifier'],
  )
  requireReadBack(prepared)
  assert.throws(
    () => requireReadBack({ ...prepared, findings: [] }),
    /lint findings for the encoded certificate differ/,
  )
})

/** Prepares a certificate, stores it, changes its row, and restores the certificate from the row. */
function restored(template: string, signingKey: Issuer | AuthorityKey, change = {}) {
  const prepared = prepareCertificate(orderOf(template), signingKey)
  const { tbsCertificateDer, signingAlgorithm, serialNumber, notAfter, templateName } = prepared
  const stored = { tbsCertificateDer, signingAlgorithm, serialNumber, notAfter, templateName }
  return { prepared, again: () => restorePreparation({ ...stored, ...change }, signingKey) }
}

test('a stored certificate is restored as it was prepared', () => {
  for (const [template, signingKey] of [
    ['EndEntityCertificate', issuer],
    ['SubordinateCACertificate_PathLen0', issuer],
    ['RootCACertificate', ownKey],
  ] as const) {
    const { prepared, again } = restored(template, signingKey)
    const restoredCertificate = again()
    requireReadBack(restoredCertificate)
    assert.equal(signerOf(restoredCertificate), signingKey)
    for (const name of ['tbsCertificateDer', 'signatureAlgorithm', 'issuerDer'] as const)
      assert.equal(hexOf(restoredCertificate[name]), hexOf(prepared[name]))
    assert.equal(restoredCertificate.isCa, prepared.isCa)
    assert.deepEqual(restoredCertificate.findings, prepared.findings)
  }
})

test('a stored certificate that does not belong to its row, template or issuer is not restored', () => {
  const other = prepareCertificate(
    { ...orderOf('EndEntityCertificate'), serialNumber: Uint8Array.of(1) },
    issuer,
  )
  const refusals: [object, RegExp][] = [
    [{ serialNumber: Uint8Array.of(0x80, 2) }, /serial number/],
    [{ tbsCertificateDer: other.tbsCertificateDer }, /serial number/],
    [{ notAfter: issuer.notAfter }, /notAfter/],
    [{ signingAlgorithm: 'SHA384WITHECDSA' }, /signature algorithm/],
    [{ templateName: 'SubordinateCACertificate_PathLen0' }, /template/],
    [{ tbsCertificateDer: Uint8Array.of(0x30, 0) }, /serialNumber|TBSCertificate|truncated|end/],
  ]
  for (const [change, message] of refusals)
    assert.throws(restored('EndEntityCertificate', issuer, change).again, message)
  const foreign = { ...issuer, subjectDer: encodeName([{ type: '2.5.4.3', value: 'foreign' }]) }
  const { prepared } = restored('EndEntityCertificate', issuer)
  assert.throws(() => restorePreparation(prepared, foreign), /issuer/)
  const root = restored('RootCACertificate', ownKey).prepared
  const otherKey = {
    ...ownKey,
    subjectPublicKeyInfo: { ...ownKey.subjectPublicKeyInfo, der: Uint8Array.of(1) },
  }
  assert.throws(() => restorePreparation(root, otherKey), /public key/)
})
