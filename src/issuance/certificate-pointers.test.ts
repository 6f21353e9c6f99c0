/** Tests of the CRL, OCSP and CA certificate URLs in certificates. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { encodeCrlDistributionPoints } from '../x509/extensions/distribution-points.ts'
import { uriName } from '../x509/names/general-name.ts'
import { encodeInfoAccess } from '../x509/extensions/info-access.ts'
import { oids } from '../x509/der/oid.ts'
import { encodeExtensions, type Extension } from '../x509/extensions/extensions.ts'
import { pointerExtensions, type CertificatePointers } from './certificate-pointers.ts'

const crlUri = 'http://pki.example.com/my-crls/crl/one.crl'
const ocspUri = 'http://pki.example.com/ocsp'
const caIssuersUri = 'http://pki.example.com/ca/one.cer'

const crlExtension = {
  oid: oids.crlDistributionPoints,
  critical: false,
  value: encodeCrlDistributionPoints(crlUri),
}
const ocspAccess = { accessMethod: oids.ocsp, accessLocation: uriName(ocspUri) }
const caIssuersAccess = { accessMethod: oids.caIssuers, accessLocation: uriName(caIssuersUri) }

const accessExtension = (...access: Parameters<typeof encodeInfoAccess>[0]) => ({
  oid: oids.authorityInfoAccess,
  critical: false,
  value: encodeInfoAccess(access),
})

const encodedHex = (extensions: readonly Extension[]): string =>
  Buffer.from(encodeExtensions(extensions)).toString('hex')

/** Decodes the extensions to plain objects. */
const extensionsFor = (pointers: CertificatePointers): Extension[] =>
  pointerExtensions(pointers).map((extension) => ({ ...extension }))

test('only certificates with the same URLs share their extensions', () => {
  const url = fc.constantFrom('http://a.example/1', 'http://a.example/2')
  const pointers = fc.record({ crlUri: url, ocspUri: url, caIssuersUri: url }, { requiredKeys: [] })
  const uris = (each: CertificatePointers): string =>
    `${each.crlUri} ${each.ocspUri} ${each.ocspUri && each.caIssuersUri}`
  fc.assert(
    fc.property(pointers, pointers, (one, other) => {
      const isSame = uris(one) === uris(other)
      const first = pointerExtensions(one)
      assert.equal(encodedHex(first) === encodedHex(pointerExtensions(other)), isSame)
      assert.equal(pointerExtensions({ ...one }), first)
    }),
    { seed: 20_261_130, numRuns: 500 },
  )
})

test('without URLs there are no extensions', () => {
  assert.deepEqual(extensionsFor({}), [])
  assert.deepEqual(extensionsFor({ omitsCrl: true }), [])
})

test('the CRL comes first, then OCSP, then the CA certificate', () => {
  assert.deepEqual(extensionsFor({ crlUri, ocspUri, caIssuersUri }), [
    crlExtension,
    accessExtension(ocspAccess, caIssuersAccess),
  ])
})

test('CRL and OCSP URLs are independent', () => {
  assert.deepEqual(extensionsFor({ crlUri }), [crlExtension])
  assert.deepEqual(extensionsFor({ ocspUri }), [accessExtension(ocspAccess)])
  assert.deepEqual(extensionsFor({ ocspUri, caIssuersUri }), [
    accessExtension(ocspAccess, caIssuersAccess),
  ])
})

test('the caIssuers URL is present only with OCSP', () => {
  assert.deepEqual(extensionsFor({ caIssuersUri }), [])
  assert.deepEqual(extensionsFor({ crlUri, caIssuersUri }), [crlExtension])
})
