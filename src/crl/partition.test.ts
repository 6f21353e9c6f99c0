/** A full partition is smaller than one megabyte. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeCertificateList, encodeTbsCertList } from '../x509/certificate-list.ts'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import { encodeElement } from '../x509/der/writer.ts'
import { tags } from '../x509/der/reader.ts'
import { RevokedCertificatesWriter } from '../x509/revoked-certificates.ts'
import { crlFields } from './contents.ts'
import { partitionCertificatesMax } from './partition.ts'

/** Length of an ML-DSA-87 signature (FIPS 204, table 2), the longest supported signature. */
const signatureOctetsMax = 4627
const megabyte = 1_000_000

/** Builds a CRL with `certificates` entries of maximum length. */
function longestCrl(certificates: number, issuerOctets: number): Uint8Array {
  const writer = new RevokedCertificatesWriter()
  const serialNumber = new Uint8Array(16).fill(0xff)
  const revocationDate = new Date('2050-01-01T00:00:00Z')
  for (let entry = 0; entry < certificates; entry += 1)
    writer.add({ serialNumber, revocationDate, reasonCode: 10 })
  const fields = crlFields({
    signingAlgorithm: 'ML_DSA_87',
    issuer: {
      subjectDer: encodeElement(tags.sequence, new Uint8Array(issuerOctets - 4)),
      keyIdentifier: new Uint8Array(20),
    },
    crlNumber: Number.MAX_SAFE_INTEGER,
    generatedAt: new Date('2051-01-01T00:00:00Z'),
    expirationDays: 5000,
    partitionUri: `http://${'a'.repeat(4000)}`,
  })
  const algorithm = signatureAlgorithmIdentifier('ML_DSA_87')
  const tbs = encodeTbsCertList(fields, writer.pieces())
  return encodeCertificateList(tbs, algorithm, new Uint8Array(signatureOctetsMax))
}

test('a full partition of the longest entries is smaller than a megabyte for any CA name', () => {
  for (const issuerOctets of [300, 1000, 10_000, 60_000]) {
    const certificates = partitionCertificatesMax(issuerOctets)
    const { length } = longestCrl(certificates, issuerOctets)
    assert.ok(length < megabyte, `${length} bytes with a name of ${issuerOctets}`)
    // A full partition uses most of the megabyte, so the limit is not too low.
    assert.ok(length > megabyte - 20_000)
  }
})

test('a partition has room for at least one certificate', () => {
  assert.equal(partitionCertificatesMax(2_000_000), 1)
})
