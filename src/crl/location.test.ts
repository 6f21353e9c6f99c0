/** Tests of a CRL's object key and URL. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noRevocation, type EnabledCrl } from '../authority/revocation-configuration.ts'
import { crlKey, customCrlPath, customCrlUrl } from './location.ts'

const crl: EnabledCrl = {
  Enabled: true,
  ExpirationInDays: 7,
  S3BucketName: 'my-crls',
  S3ObjectAcl: 'PUBLIC_READ',
  CrlType: 'COMPLETE',
}

test('the key of a CRL starts with crl/ or with CustomPath', () => {
  assert.equal(crlKey(crl, 'one'), 'crl/one.crl')
  assert.equal(crlKey({ ...crl, CustomPath: 'a/b' }, 'one'), 'a/b/one.crl')
  assert.equal(crlKey({ ...crl, CrlType: 'PARTITIONED' }, 'one/2'), 'crl/one/2.crl')
})

test('with CustomCname, the URL consists of the host name and the key, whatever CustomPath is', () => {
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

test('without a CustomCname, or with an empty one, the object store determines the URL of a CRL', () => {
  assert.equal(customCrlUrl(crl, 'crl/one.crl'), undefined)
  assert.equal(customCrlUrl({ ...crl, CustomCname: '' }, 'crl/one.crl'), undefined)
})

test('a request for the URL of a CRL is mapped to its object key, under the current and each earlier host name', () => {
  const authorityWith = (CustomCname: string | undefined, pastCrlCnames: readonly string[]) => ({
    revocation: {
      ...noRevocation,
      CrlConfiguration: { ...crl, ...(CustomCname !== undefined && { CustomCname }) },
    },
    pastCrlCnames,
  })
  const found = (
    authority: Parameters<typeof customCrlPath>[0],
    url: string,
  ): string | undefined => {
    const { host, pathname } = new URL(url)
    return customCrlPath(authority, { host, path: pathname })
  }
  for (const CustomCname of ['crl.example.com', 'crl.example.com:8081', 'example.com/pki']) {
    const url = customCrlUrl({ ...crl, CustomCname }, 'crl/one%20.crl') ?? ''
    assert.equal(found(authorityWith(CustomCname, []), url), 'crl/one%20.crl')
    assert.equal(found(authorityWith('new.example.com', [CustomCname]), url), 'crl/one%20.crl')
    assert.equal(
      found({ revocation: noRevocation, pastCrlCnames: [CustomCname] }, url),
      'crl/one%20.crl',
    )
    assert.equal(found(authorityWith('new.example.com', []), url), undefined)
    assert.equal(found(authorityWith(undefined, []), url), undefined)
  }
  const doubled = 'http://crl.example.com//crl/one.crl'
  assert.equal(found(authorityWith('crl.example.com/', []), doubled), 'crl/one.crl')
})
