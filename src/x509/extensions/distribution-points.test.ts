/** Tests of a CRL's URL, both in certificates (cRLDistributionPoints) and in the CRL itself (issuingDistributionPoint). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DerError } from '../der/error.ts'
import { contextTag, readOnlyNested, tags, type DerReader } from '../der/reader.ts'
import {
  encodeCrlDistributionPoints,
  encodeIssuingDistributionPoint,
  parseCrlDistributionPoints,
  parseIssuingDistributionPoint,
} from './distribution-points.ts'

const hexOf = (value: Uint8Array): string => Buffer.from(value).toString('hex')
const hexOfText = (text: string): string => Buffer.from(text).toString('hex')

test('a short URI is encoded as RFC 5280 defines', () => {
  const uri = 'http://c.test/a.crl'
  const name = `a017a0158613${hexOfText(uri)}`
  assert.equal(hexOf(encodeIssuingDistributionPoint(uri)), `3019${name}`)
  assert.equal(hexOf(encodeCrlDistributionPoints(uri)), `301b3019${name}`)
})

/** Reads the URI of a point that consists only of [0] distributionPoint, [0] fullName, and one [6] URI. */
function uriOf(point: DerReader): string {
  const distributionPoint = point.nested(contextTag(0, true), 'distributionPoint')
  point.end()
  const fullName = distributionPoint.nested(contextTag(0, true), 'fullName')
  distributionPoint.end()
  const { content } = fullName.element(contextTag(6, false))
  fullName.end()
  return Buffer.from(content).toString('latin1')
}

const visible = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)),
  maxLength: 300,
})

test('any visible URI survives a round trip, and has the same encoding in both extensions', () => {
  fc.assert(
    fc.property(visible, (rest) => {
      const uri = `http://${rest}`
      const inCrl = encodeIssuingDistributionPoint(uri)
      assert.equal(uriOf(readOnlyNested(inCrl, tags.sequence, 'IDP')), uri)
      const inCertificate = encodeCrlDistributionPoints(uri)
      const points = readOnlyNested(inCertificate, tags.sequence, 'CRLDistributionPoints')
      assert.equal(hexOf(points.element(tags.sequence).der), hexOf(inCrl))
      points.end()
    }),
  )
})

test('a URI with non-ASCII or control characters is refused', () => {
  for (const uri of ['http://bücher.example/a.crl', 'http://a\0.example', 'http://a/\x7f', '\n']) {
    assert.throws(() => encodeCrlDistributionPoints(uri), DerError)
    assert.throws(() => encodeIssuingDistributionPoint(uri), DerError)
  }
})

test('URIs survive a round trip, and points without a URI are skipped', () => {
  fc.assert(
    fc.property(visible, (uri) => {
      const texts = [
        parseCrlDistributionPoints(encodeCrlDistributionPoints(uri)),
        parseIssuingDistributionPoint(encodeIssuingDistributionPoint(uri)),
      ].map((names) => names.map(({ content }) => Buffer.from(content).toString('latin1')))
      assert.deepEqual(texts, [[uri], [uri]])
    }),
  )
  // DistributionPoint { [2] cRLIssuer { directoryName {} } }, and an empty IssuingDistributionPoint.
  assert.deepEqual(parseCrlDistributionPoints(Buffer.from('30083006a204a4023000', 'hex')), [])
  assert.deepEqual(parseIssuingDistributionPoint(Buffer.from('3000', 'hex')), [])
  for (const hex of ['3001', '30023100', '3004300281', '3006300430020500'])
    assert.throws(() => parseCrlDistributionPoints(Buffer.from(hex, 'hex')), DerError, hex)
})
