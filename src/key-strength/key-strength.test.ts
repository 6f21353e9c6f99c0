import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import {
  factorableModuli,
  primeModulus,
  rsaSpki,
  strongModulus as makeStrongModulus,
} from '../../test/support/weak-moduli.ts'
import { encodeBitString, encodeSequence } from '../x509/der/writer.ts'
import { encodeOidElement, oids } from '../x509/der/oid.ts'
import {
  parseSubjectPublicKeyInfo,
  type PublicKeyKind,
  type SubjectPublicKeyInfo,
} from '../x509/subject-public-key-info.ts'
import {
  excessOf,
  weakKeyReason,
  refusalOfPrimeModulus,
  weaknessOf,
  type KeyPolicy,
} from './key-strength.ts'
import { parseWeakKeyList } from './weak-key-list.ts'

const refusing: KeyPolicy = { weakKeys: 'refuse' }

function spki(algorithm: readonly Uint8Array[], octets: Uint8Array): SubjectPublicKeyInfo {
  return parseSubjectPublicKeyInfo(
    encodeSequence(encodeSequence(...algorithm), encodeBitString(octets)),
  )
}

const strongModulus = makeStrongModulus().modulus

function rsa(modulus: bigint, exponent?: bigint): SubjectPublicKeyInfo {
  return parseSubjectPublicKeyInfo(rsaSpki(modulus, exponent))
}

function edwards(kind: 'ed25519' | 'ed448', hex: string): SubjectPublicKeyInfo {
  return spki([encodeOidElement(oids[kind])], Buffer.from(hex, 'hex'))
}

function weaknessIn(key: SubjectPublicKeyInfo): string {
  return weaknessOf(key) ?? 'none'
}

test('strong keys have no weakness', () => {
  const curves = [oids.prime256v1, oids.secp384r1, oids.secp521r1]
  const kinds: PublicKeyKind[] = [
    ...curves.map((curve) => ({ kind: 'ec', curve }) as const),
    { kind: 'ml-dsa', parameterSet: 65 },
  ]
  const keys = [
    rsa(strongModulus),
    rsa(strongModulus, 2n ** 32n + 1n),
    rsa(strongModulus, 2n ** 256n - 1n),
    edwards('ed25519', '02'.repeat(32)),
    edwards('ed448', '02'.repeat(57)),
    ...kinds.map((key) => ({ ...rsa(strongModulus), key })),
  ]
  for (const key of keys)
    assert.deepEqual([weaknessOf(key), excessOf(key.key)], [undefined, undefined])
})

test('the error states why a key is weak', () => {
  assert.match(weaknessIn(rsa(strongModulus >> 1n)), /2047 bits, fewer than 2048/)
  assert.match(weaknessIn(rsa(strongModulus - 1n)), /modulus is even/)
  assert.match(weaknessIn(rsa(strongModulus, 65_538n)), /exponent is even/)
  for (const exponent of [1n, 3n, 65_535n])
    assert.match(weaknessIn(rsa(strongModulus, exponent)), /smaller than 65537/)
  assert.match(weaknessIn(rsa(strongModulus, 2n ** 256n + 1n)), /more than 256 bits/)
  const unknownCurve = { kind: 'ec', curve: '1.2.840.10045.3.1.1' } as const
  assert.match(weaknessIn({ ...rsa(strongModulus), key: unknownCurve }), /not known to be strong/)
  for (const { name, modulus, reason } of factorableModuli())
    assert.match(weaknessIn(rsa(modulus)), reason, name)
})

test('a key that is too slow or unsupported is refused, even if weak keys are allowed', () => {
  const allowing: KeyPolicy = { weakKeys: 'allow' }
  const large = rsa(2n ** 8192n + 1n)
  assert.match(weakKeyReason(large, allowing) ?? '', /8193 bits, more than 8192/)
  const other = (oid: string): SubjectPublicKeyInfo =>
    spki([encodeOidElement(oid)], Uint8Array.of(1))
  assert.match(weakKeyReason(other('1.2.840.10040.4.1'), allowing) ?? '', /DSA \(1\.2\.840/)
  assert.match(
    weakKeyReason(other('1.2.840.113549.1.1.10'), allowing) ?? '',
    /RSASSA-PSS \(1\.2\.840\.113549\.1\.1\.10\).*use an RSA key of the kind rsaEncryption/,
  )
  assert.match(weakKeyReason(other('1.3.101.110'), allowing) ?? '', /X25519/)
  assert.match(weakKeyReason(other('1.2.3.4'), allowing) ?? '', /unknown kind 1\.2\.3\.4/)
  assert.equal(weakKeyReason(rsa(strongModulus - 1n), allowing), undefined)
})

test('a modulus that is prime is refused, unless weak keys are allowed', async () => {
  const key = rsa(primeModulus().modulus)
  assert.equal(weakKeyReason(key, refusing), undefined)
  assert.match((await refusalOfPrimeModulus(key, refusing)) ?? '', /is a prime number/)
  assert.match((await refusalOfPrimeModulus(key, refusing)) ?? '', /is a prime number/)
  assert.equal(await refusalOfPrimeModulus(key, { weakKeys: 'allow' }), undefined)
  assert.equal(await refusalOfPrimeModulus(rsa(strongModulus), refusing), undefined)
})

test('Edwards points of small order are refused, whether reduced or not, and with either sign', () => {
  const p25519 = 2n ** 255n - 19n
  const eight = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03'
  const little = (y: bigint, octets: number): string => {
    const bigEndian = Buffer.from(y.toString(16).padStart(octets * 2, '0'), 'hex')
    return Buffer.from(bigEndian.toReversed()).toString('hex')
  }
  const reduced = [0n, 1n, p25519 - 1n, p25519, p25519 + 1n].map((y) => little(y, 32))
  for (const hex of [
    ...reduced,
    `${eight}7a`,
    `26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05`,
  ])
    for (const sign of [0, 0x80]) {
      const octets = Buffer.from(hex, 'hex')
      octets[31] = (octets[31] ?? 0) | sign
      assert.match(weaknessIn(edwards('ed25519', octets.toString('hex'))), /small order/, hex)
    }
  const p448 = 2n ** 448n - 2n ** 224n - 1n
  for (const y of [0n, 1n, p448 - 1n, p448, p448 + 1n])
    for (const sign of ['00', '80'])
      assert.match(weaknessIn(edwards('ed448', little(y, 56) + sign)), /small order/)
})

test('the point at infinity, for which anyone can sign, is not a valid key on any curve', () => {
  for (const curve of [
    oids.prime256v1,
    oids.secp384r1,
    oids.secp521r1,
    '1.3.132.0.33',
    '1.3.132.0.10',
    '1.3.36.3.3.2.8.1.1.5',
    '1.3.36.3.3.2.8.1.1.7',
    '1.3.36.3.3.2.8.1.1.11',
    '1.3.36.3.3.2.8.1.1.13',
  ])
    assert.throws(
      () => spki([encodeOidElement(oids.ecPublicKey), encodeOidElement(curve)], Uint8Array.of(0)),
      /not a point on its curve/,
      curve,
    )
})

/** A key from Debian's faulty generator (CVE-2008-0166), with its line in Debian's openssl-blacklist. */
const debianModulus = BigInt(
  '0xD673252AF6723C3F72529403EAB7C30DEF3C52F97E799825F4A70191C616ADCF1ECE1113F1625971074C492C592025FD' +
    'EADBDB146A081826BDF0D77C3C913DCF1B6F0B3B78F5108D2E493AD0EEE8CA5C021711ADC13D358E61133870FCD19C8E' +
    '5C22403959782AA82E72AEE53A3D491E3912CE27B27E1A85EA69C19A527D28F7934C9823B7E56FDD657DAC83FDC65BB2' +
    '2A98D843DF73238919781B714C81A5E2AFEC71F5C54AA2A27C590AD94C03C1062D50EFCFFAC743E3C8A3AE056846A1D7' +
    '56EB862BF4224169D467C35215ADE0AFCC11E85FE629AFB802C4786FF2E9C929BCCF502B3D3B8876C6A11785CC398B38' +
    '9F1D86BDD9CB0BD4EC13956EC3FA270D',
)
const debianLine = '8df20e6961a16398b85a'

test('a key on the list of weak keys is refused, by its modulus or by its whole public key', () => {
  const filler = Array.from({ length: 500 }, (_, index) => index.toString(16).padStart(20, '0'))
  const list = (...lines: string[]): KeyPolicy => ({
    weakKeys: 'refuse',
    weakKeyList: parseWeakKeyList(`# comment\r\n\r\n${[...filler, ...lines].join('\r\n')}\r\n`),
  })
  const debian = rsa(debianModulus)
  const strong = rsa(strongModulus)
  const sha256 = hash('sha256', debian.der)
  assert.match(weakKeyReason(debian, list(debianLine)) ?? '', /on the list of weak keys/)
  assert.match(weakKeyReason(debian, list(debianLine.toUpperCase())) ?? '', /on the list/)
  assert.match(weakKeyReason(debian, list(sha256)) ?? '', /on the list/)
  assert.equal(weakKeyReason(debian, list('ff'.repeat(32))), undefined)
  assert.equal(weakKeyReason(strong, list(debianLine, sha256)), undefined)
  assert.throws(() => parseWeakKeyList('\n7c5b8e'), /line 2 must contain 20 or 64 hexadecimal/)
})
