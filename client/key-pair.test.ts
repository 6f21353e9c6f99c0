import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import { parseCertificationRequest } from '../src/x509/certification-request.ts'
import { parseGeneralNames } from '../src/x509/names/general-name.ts'
import { formatName } from '../src/x509/names/name.ts'
import { parsePem } from '../src/x509/pem.ts'
import { verifySignature } from '../src/x509/verify-signature.ts'
import { makeRequest, type LeafKeyAlgorithm, type CsrOptions } from './key-pair.ts'

const keyAlgorithms: Record<LeafKeyAlgorithm, string> = {
  RSA_2048: 'rsa',
  RSA_3072: 'rsa',
  RSA_4096: 'rsa',
  EC_prime256v1: 'ec',
  EC_secp384r1: 'ec',
  EC_secp521r1: 'ec',
  ML_DSA_44: 'ml-dsa-44',
  ML_DSA_65: 'ml-dsa-65',
  ML_DSA_87: 'ml-dsa-87',
}

async function requestFor(request: Partial<CsrOptions>) {
  const { key, csr } = await makeRequest({ keyAlgorithm: 'EC_prime256v1', names: [], ...request })
  const [block] = parsePem(csr)
  assert.equal(block?.label, 'CERTIFICATE REQUEST')
  return { key, request: parseCertificationRequest(block.der) }
}

for (const [keyAlgorithm, type] of Object.entries(keyAlgorithms))
  test(`a CSR with ${keyAlgorithm} is signed by its own key`, async () => {
    const { key, request } = await requestFor({
      keyAlgorithm: keyAlgorithm as LeafKeyAlgorithm,
      names: ['example.com'],
    })
    const privateKey = createPrivateKey(key)
    assert.equal(privateKey.asymmetricKeyType, type)
    const publicDer = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
    assert.deepEqual(Buffer.from(request.subjectPublicKeyInfo.der), publicDer)
    const { certificationRequestInfoDer: message, ...rest } = request
    assert.equal(await verifySignature({ ...rest, message }), 'valid')
  })

test('the kind of a name follows from its form', async () => {
  const names = [
    'Example.COM',
    '*.example.com',
    'münchen.example',
    '_dmarc.example.com',
    '10.0.0.1',
    '2001:db8::1',
    '::ffff:10.0.0.1',
    'someone@example.com',
    'https://example.com/a',
    'urn:uuid:1',
    'spiffe://example/x',
  ]
  const { request } = await requestFor({ names })
  assert.equal(formatName(request.subject), '"CN=Example.COM"')
  const [extension] = request.extensions
  assert.equal(extension?.critical, false)
  const found = parseGeneralNames(extension.value).map(({ kind, content }) =>
    kind === 'iPAddress'
      ? `${kind} ${Buffer.from(content).toString('hex')}`
      : `${kind} ${Buffer.from(content).toString()}`,
  )
  assert.deepEqual(found, [
    'dNSName example.com',
    'dNSName *.example.com',
    'dNSName xn--mnchen-3ya.example',
    'dNSName _dmarc.example.com',
    'iPAddress 0a000001',
    'iPAddress 20010db8000000000000000000000001',
    'iPAddress 00000000000000000000ffff0a000001',
    'rfc822Name someone@example.com',
    'uniformResourceIdentifier https://example.com/a',
    'uniformResourceIdentifier urn:uuid:1',
    'uniformResourceIdentifier spiffe://example/x',
  ])
})

test('a subject is encoded unchanged, and a name that is too long for a CommonName is omitted', async () => {
  const subject = { Country: 'DE', Organization: 'Example', CommonName: 'Someone' }
  const given = await requestFor({ subject })
  assert.equal(formatName(given.request.subject), '"C=DE, O=Example, CN=Someone"')
  assert.deepEqual(given.request.extensions, [])
  const long = await requestFor({ names: [`${'a'.repeat(60)}.example.com`] })
  assert.equal(formatName(long.request.subject), '""')
  assert.equal(long.request.extensions[0]?.critical, true)
})

test('a name that cannot be in a certificate is refused', async () => {
  const refused: [Partial<CsrOptions>, RegExp][] = [
    [{ names: ['not a name'] }, /'not a name' is not a DNS name/],
    [{ names: ['a', ''] }, /'' is not a DNS name/],
    [{ names: [''] }, /'' is not a DNS name/],
    [{ names: ['example.com:443'] }, /is not a DNS name/],
    [{ names: ['1.2.3'] }, /is not a DNS name/],
    [{ names: ['*.*.example.com'] }, /is not a DNS name/],
    [{ names: ['-a.example.com'] }, /is not a DNS name/],
    [{ names: ['https://example.com/'] }, /'https:\/\/example.com\/' is a URL; use 'example.com'/],
    [{ names: [`${'a'.repeat(64)}.example.com`] }, /a label of 64 bytes; the maximum is 63/],
    [{ names: ['jemänd@example.com'] }, /must be visible ASCII/],
    [{ names: ['fe80::1%eth0'] }, /is not an IPv4 or IPv6 address/],
    [{ subject: {} }, /^subject must have at least one attribute/],
  ]
  for (const [request, message] of refused)
    await assert.rejects(requestFor(request), { name: 'TypeError', message })
})
