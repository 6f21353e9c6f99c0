/** Tests of the order and the encoding of access descriptions in authorityInfoAccess. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DerError } from '../der/error.ts'
import { readOnlyNested, tags } from '../der/reader.ts'
import { encodeGeneralName, uriName } from '../names/general-name.ts'
import { encodeInfoAccess, parseInfoAccess } from './info-access.ts'
import { decodeOid, oids } from '../der/oid.ts'

const hexOf = (value: Uint8Array): string => Buffer.from(value).toString('hex')

test('two access descriptions are encoded as RFC 5280 defines', () => {
  const value = encodeInfoAccess([
    { accessMethod: oids.ocsp, accessLocation: uriName('http://o.test') },
    { accessMethod: oids.caIssuers, accessLocation: uriName('http://c.test') },
  ])
  const uri = (text: string): string => `860d${Buffer.from(text).toString('hex')}`
  assert.equal(
    hexOf(value),
    `3036` +
      `301906082b06010505073001${uri('http://o.test')}` +
      `301906082b06010505073002${uri('http://c.test')}`,
  )
})

const descriptions = fc.array(
  fc.record({
    accessMethod: fc.constantFrom(
      oids.ocsp,
      oids.caIssuers,
      oids.caRepository,
      oids.rpkiManifest,
      oids.rpkiNotify,
    ),
    accessLocation: fc.webUrl().map((url) => uriName(encodeURI(url))),
  }),
  { maxLength: 12 },
)

test('access descriptions are encoded in the given order, without merging or sorting', () => {
  fc.assert(
    fc.property(descriptions, (list) => {
      const reader = readOnlyNested(encodeInfoAccess(list), tags.sequence, 'InfoAccess')
      const found: (readonly [string, string])[] = []
      while (!reader.atEnd) {
        const description = reader.nested(tags.sequence, 'AccessDescription')
        const method = decodeOid(description.element(tags.oid).content)
        found.push([method, hexOf(description.any().der)])
        description.end()
      }
      assert.deepEqual(
        found,
        list.map(({ accessMethod, accessLocation }) => [
          accessMethod,
          hexOf(encodeGeneralName(accessLocation)),
        ]),
      )
    }),
  )
})

test('an invalid object identifier and an invalid URI are refused', () => {
  const accessLocation = uriName('http://o.test')
  assert.throws(() => encodeInfoAccess([{ accessMethod: 'ocsp', accessLocation }]), DerError)
  assert.throws(
    () => encodeInfoAccess([{ accessMethod: oids.ocsp, accessLocation: uriName('http://ö') }]),
    DerError,
  )
})

test('access descriptions survive a round trip, and a truncated value is refused', () => {
  fc.assert(
    fc.property(descriptions, (list) => {
      const value = encodeInfoAccess(list)
      const read = parseInfoAccess(value, 'infoAccess')
      assert.deepEqual(
        read.map(({ accessMethod }) => accessMethod),
        list.map(({ accessMethod }) => accessMethod),
      )
      assert.deepEqual(
        read.map(({ accessLocation }) => hexOf(accessLocation.content)),
        list.map(({ accessLocation }) => hexOf(accessLocation.content)),
      )
      assert.throws(() => parseInfoAccess(value.subarray(0, -1), 'infoAccess'), DerError)
    }),
  )
})

test('errors name the extension', () => {
  for (const label of ['authorityInfoAccess', 'subjectInfoAccess'])
    assert.throws(
      () => parseInfoAccess(Uint8Array.of(0x04, 0), label),
      (error) => error instanceof DerError && error.message.includes(label),
    )
})
