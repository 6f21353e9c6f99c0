import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oids } from '../x509/oid.ts'
import type { PublicKeyKind } from '../x509/subject-public-key-info.ts'
import { excessOf, weaknessOf } from './key-strength.ts'

const rsa = (change: Partial<Extract<PublicKeyKind, { kind: 'rsa' }>> = {}): PublicKeyKind => ({
  kind: 'rsa',
  modulusBits: 2048,
  modulus: Uint8Array.of(0x80, 0x01),
  exponent: 65_537n,
  ...change,
})

test('strong keys have no weakness', () => {
  const curves = [oids.prime256v1, oids.secp384r1, oids.secp521r1]
  const keys: PublicKeyKind[] = [
    rsa(),
    rsa({ modulusBits: 8192, exponent: 2n ** 32n + 1n }),
    ...curves.map((curve) => ({ kind: 'ec', curve }) as const),
    { kind: 'ed25519' },
    { kind: 'ed448' },
    { kind: 'ml-dsa', parameterSet: 65 },
  ]
  for (const key of keys) assert.deepEqual([weaknessOf(key), excessOf(key)], [undefined, undefined])
})

test('what makes a key weak is said', () => {
  assert.match(weaknessOf(rsa({ modulusBits: 2047 })) ?? '', /2047 bits, fewer than 2048/)
  assert.match(weaknessOf(rsa({ modulus: Uint8Array.of(0x80, 0x02) })) ?? '', /modulus is even/)
  assert.match(weaknessOf(rsa({ exponent: 65_538n })) ?? '', /exponent is even/)
  for (const exponent of [1n, 3n, 65_535n])
    assert.match(weaknessOf(rsa({ exponent })) ?? '', /smaller than 65537/)
  assert.match(
    weaknessOf({ kind: 'ec', curve: '1.2.840.10045.3.1.1' }) ?? '',
    /not known to be strong/,
  )
})

test('a key that takes too long to use is too large, whatever else is allowed', () => {
  assert.match(excessOf(rsa({ modulusBits: 8193 })) ?? '', /8193 bits, more than 8192/)
})
