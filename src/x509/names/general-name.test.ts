import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DerError } from '../der/error.ts'
import { encodeElement } from '../der/writer.ts'
import { encodeGeneralNames, parseGeneralNames, type GeneralName } from './general-name.ts'
import { encodeName } from './name.ts'
import { encodeOid, encodeOidElement, oids } from '../der/oid.ts'

const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const text = (value: string): Uint8Array => Buffer.from(value, 'latin1')

const visible = fc
  .string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)),
    maxLength: 60,
  })
  .map(text)
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const dotted = fc.nat().map((arc) => `1.3.6.1.4.1.${arc}`)
const contents: Readonly<Record<GeneralName['kind'], fc.Arbitrary<Uint8Array>>> = {
  otherName: fc
    .tuple(dotted, visible)
    .map(([type, value]) =>
      Buffer.concat([encodeOidElement(type), encodeElement(0xa0, encodeElement(0x0c, value))]),
    ),
  rfc822Name: visible,
  dNSName: visible,
  x400Address: fc.constant(bytes('3000')),
  directoryName: fc
    .string({ maxLength: 30 })
    .map((value) => encodeName([{ type: oids.commonName, value }])),
  ediPartyName: visible.map((value) => encodeElement(0xa1, encodeElement(0x0c, value))),
  uniformResourceIdentifier: visible,
  iPAddress: fc.oneof(bytesOf(4), bytesOf(16)),
  registeredID: dotted.map(encodeOid),
}
const generalName = fc.oneof(
  ...Object.entries(contents).map(([kind, content]) =>
    content.map((value): GeneralName => ({ kind: kind as GeneralName['kind'], content: value })),
  ),
)

test('names of all nine choices survive a round trip, in order', () => {
  fc.assert(
    fc.property(fc.array(generalName, { minLength: 1, maxLength: 12 }), (names) => {
      const read = parseGeneralNames(encodeGeneralNames(names))
      const hex = ({ kind, content }: GeneralName) =>
        `${kind} ${Buffer.from(content).toString('hex')}`
      assert.deepEqual(read.map(hex), names.map(hex))
    }),
  )
})

test('encodeGeneralNames writes the tags of RFC 5280 appendix A.2', () => {
  const der = encodeGeneralNames([
    { kind: 'dNSName', content: text('a') },
    { kind: 'iPAddress', content: bytes('c0000201') },
    { kind: 'directoryName', content: bytes('3000') },
    { kind: 'registeredID', content: bytes('2a') },
  ])
  assert.equal(
    Buffer.from(der).toString('hex'),
    '3010 820161 8704c0000201 a4023000 88012a'.replaceAll(' ', ''),
  )
})

test('contents that are invalid for their choice are neither read nor written', () => {
  const cases: [GeneralName['kind'], Uint8Array, RegExp][] = [
    ['dNSName', text('a\0b'), /dNSName has U\+0000 at character 2/],
    ['dNSName', text('é'), /dNSName has U\+00E9 'é' at character 1/],
    ['dNSName', text('a\x7f'), /dNSName has U\+007F at character 2/],
    ['rfc822Name', text('a@b\r\nBcc: c'), /rfc822Name has U\+000D at character 4/],
    ['uniformResourceIdentifier', text('http://a\n'), /uniformResourceIdentifier has U\+000A at/],
    ['iPAddress', bytes(''), /0 bytes/],
    ['iPAddress', bytes('c000020100000000'), /8 bytes/],
    ['directoryName', bytes('3100'), /Name has tag/],
    ['directoryName', bytes('30000500'), /trailing data/],
    ['registeredID', bytes('2a80'), /OBJECT IDENTIFIER/],
    ['registeredID', bytes(''), /OBJECT IDENTIFIER/],
    ['otherName', bytes('06012a'), /otherName ends/],
    ['otherName', bytes('06012a a000'), /value of otherName is truncated/],
    ['otherName', bytes('06012a a004 05000500'), /trailing data/],
    ['otherName', bytes('06012a a002 0500 0500'), /trailing data/],
    ['x400Address', bytes('3001'), /truncated/],
    ['ediPartyName', bytes('a1'), /truncated/],
  ]
  const tagBits: Readonly<Record<string, number>> = {
    otherName: 0xa0,
    rfc822Name: 0x81,
    dNSName: 0x82,
    x400Address: 0xa3,
    directoryName: 0xa4,
    ediPartyName: 0xa5,
    uniformResourceIdentifier: 0x86,
    iPAddress: 0x87,
    registeredID: 0x88,
  }
  for (const [kind, content, message] of cases) {
    assert.throws(() => encodeGeneralNames([{ kind, content }]), { name: 'DerError', message })
    const der = encodeElement(0x30, encodeElement(tagBits[kind] ?? 0, content))
    assert.throws(() => parseGeneralNames(der), { name: 'DerError', message }, kind)
  }
})

test('GeneralNames must have from 1 to 1000 names', () => {
  const names = (count: number): GeneralName[] =>
    Array.from({ length: count }, () => ({ kind: 'dNSName', content: text('a') }))
  assert.equal(parseGeneralNames(encodeGeneralNames(names(1000))).length, 1000)
  assert.throws(() => encodeGeneralNames([]), DerError)
  assert.throws(() => encodeGeneralNames(names(1001)), /more than 1000/)
  const tooMany = encodeElement(
    0x30,
    ...names(1001).map(({ content }) => encodeElement(0x82, content)),
  )
  assert.throws(() => parseGeneralNames(tooMany), /more than 1000/)
})
