import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { oids } from '../der/oid.ts'
import {
  constantExtension,
  encodeExtensions,
  parseExtensions,
  requireExtensionList,
  type Extension,
} from './extensions.ts'

const extension: fc.Arbitrary<Extension> = fc.record({
  oid: fc.constantFrom(
    ...Object.values(oids),
    '1.2.3',
    '2.25.340282366920938463463374607431768211455',
  ),
  critical: fc.boolean(),
  value: fc.uint8Array({ maxLength: 300, size: 'max' }),
})
const options = { seed: 20_261_130 }

const readBack = (original: Extension): Extension | undefined =>
  parseExtensions(encodeExtensions([original]))[0]

test('a constant extension has the same encoding as any other extension', () => {
  fc.assert(
    fc.property(extension, (original) => {
      assert.deepEqual(
        encodeExtensions([constantExtension(original)]),
        encodeExtensions([original]),
      )
    }),
    options,
  )
})

test('a changed copy of a constant extension is encoded with its change', () => {
  fc.assert(
    fc.property(extension, extension, (original, other) => {
      const constant = constantExtension(original)
      for (const change of [
        { oid: other.oid },
        { critical: other.critical },
        { value: other.value },
        {},
      ]) {
        const expected = { ...original, ...change }
        assert.deepEqual(readBack({ ...constant, ...change }), expected)
        assert.deepEqual(readBack(Object.assign({}, constant, change)), expected)
        assert.deepEqual(readBack({ ...structuredClone(constant), ...change }), expected)
      }
    }),
    options,
  )
})

test('an invalid list of extensions is refused: empty, too long, or with a duplicate', () => {
  const numbered = Array.from({ length: 257 }, (_, index) => ({
    oid: `1.2.${index}`,
    critical: false,
    value: Uint8Array.of(5, 0),
  }))
  const list = numbered.slice(0, 256)
  requireExtensionList(list)
  assert.deepEqual(parseExtensions(encodeExtensions(list)).length, 256)
  for (const refused of [[], numbered, [...list.slice(0, 2), ...list.slice(1, 2)]]) {
    assert.throws(() => requireExtensionList(refused), { name: 'DerError' })
    if (refused.length > 0)
      assert.throws(() => parseExtensions(encodeExtensions(refused)), { name: 'DerError' })
  }
  const [first] = list
  assert.ok(first)
  assert.throws(() => requireExtensionList([first, { ...first, critical: true }]), {
    message: 'extension 1.2.0 occurs twice',
  })
})
