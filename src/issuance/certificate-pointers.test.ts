/** Where certificates say that their revocation can be looked up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeCrlDistributionPoints } from '../x509/extensions/distribution-points.ts'
import { uriName } from '../x509/names/general-name.ts'
import { encodeInfoAccess } from '../x509/extensions/info-access.ts'
import { oids } from '../x509/der/oid.ts'
import { pointerExtensions } from './certificate-pointers.ts'

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

test('nothing is said where nothing can be looked up', () => {
  assert.deepEqual(pointerExtensions({}), [])
  assert.deepEqual(pointerExtensions({ omitsCrl: true }), [])
})

test('the CRL comes first, then OCSP, then the certificate of the CA', () => {
  assert.deepEqual(pointerExtensions({ crlUri, ocspUri, caIssuersUri }), [
    crlExtension,
    accessExtension(ocspAccess, caIssuersAccess),
  ])
})

test('each is said without the other', () => {
  assert.deepEqual(pointerExtensions({ crlUri }), [crlExtension])
  assert.deepEqual(pointerExtensions({ ocspUri }), [accessExtension(ocspAccess)])
  assert.deepEqual(pointerExtensions({ ocspUri, caIssuersUri }), [
    accessExtension(ocspAccess, caIssuersAccess),
  ])
})

test('the certificate of the CA is named with OCSP only', () => {
  assert.deepEqual(pointerExtensions({ caIssuersUri }), [])
  assert.deepEqual(pointerExtensions({ crlUri, caIssuersUri }), [crlExtension])
})
