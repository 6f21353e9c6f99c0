/** Key and URL of a CRL. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EnabledCrl } from '../authority/revocation-configuration.ts'
import { crlKey, customCrlUrl } from './location.ts'

const crl: EnabledCrl = {
  Enabled: true,
  ExpirationInDays: 7,
  S3BucketName: 'my-crls',
  S3ObjectAcl: 'PUBLIC_READ',
  CrlType: 'COMPLETE',
}

test('a CRL is below crl/, or below the path of its own', () => {
  assert.equal(crlKey(crl, 'one'), 'crl/one.crl')
  assert.equal(crlKey({ ...crl, CustomPath: 'a/b' }, 'one'), 'a/b/one.crl')
  assert.equal(crlKey({ ...crl, CrlType: 'PARTITIONED' }, 'one/2'), 'crl/one/2.crl')
})

test('a host name of its own is the place of the key, whatever the path', () => {
  const CustomCname = 'crl.example.com'
  assert.equal(
    customCrlUrl({ ...crl, CustomCname }, 'crl/one.crl'),
    'http://crl.example.com/crl/one.crl',
  )
  assert.equal(
    customCrlUrl({ ...crl, CustomCname: 'example.com/pki', CustomPath: 'a' }, 'a/one.crl'),
    'http://example.com/pki/a/one.crl',
  )
})

test('without a host name of its own, an empty one included, the store says where a CRL is', () => {
  assert.equal(customCrlUrl(crl, 'crl/one.crl'), undefined)
  assert.equal(customCrlUrl({ ...crl, CustomCname: '' }, 'crl/one.crl'), undefined)
})
