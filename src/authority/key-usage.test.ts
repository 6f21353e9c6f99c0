import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseKeyUsage, type KeyUsageBit } from '../x509/extensions/key-usage.ts'
import { keyUsageExtension, type RequestedKeyUsage } from './key-usage.ts'

const bits: readonly (readonly [keyof RequestedKeyUsage, KeyUsageBit, string])[] = [
  ['DigitalSignature', 'digitalSignature', '03020780'],
  ['NonRepudiation', 'nonRepudiation', '03020640'],
  ['KeyEncipherment', 'keyEncipherment', '03020520'],
  ['DataEncipherment', 'dataEncipherment', '03020410'],
  ['KeyAgreement', 'keyAgreement', '03020308'],
  ['KeyCertSign', 'keyCertSign', '03020204'],
  ['CRLSign', 'cRLSign', '03020102'],
  ['EncipherOnly', 'encipherOnly', '03020001'],
  ['DecipherOnly', 'decipherOnly', '0303070080'],
]

test('each usage sets its bit in a critical extension in minimal DER', () => {
  for (const [member, , hex] of bits) {
    const extension = keyUsageExtension({ [member]: true }, 'KeyUsage')
    assert.equal(extension.oid, '2.5.29.15')
    assert.equal(extension.critical, true)
    assert.equal(Buffer.from(extension.value).toString('hex'), hex, member)
  }
})

test('every combination of usages survives a round trip, and an empty combination is refused', () => {
  const members = bits.map(([member]) => member)
  const requested = fc.record(Object.fromEntries(members.map((member) => [member, fc.boolean()])), {
    requiredKeys: [],
  }) as fc.Arbitrary<RequestedKeyUsage>
  fc.assert(
    fc.property(requested, (usage) => {
      const wanted = bits.filter(([member]) => usage[member] === true).map(([, bit]) => bit)
      if (wanted.length === 0)
        assert.throws(() => keyUsageExtension(usage, 'Here.KeyUsage'), {
          code: 'InvalidArgsException',
          message: 'Here.KeyUsage must set at least one usage to true',
        })
      else assert.deepEqual(parseKeyUsage(keyUsageExtension(usage, '').value), wanted)
    }),
  )
})
