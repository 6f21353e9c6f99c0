import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { integerOctets, strongModulus } from '../../test/support/weak-moduli.ts'
import { perfectPower, squareRoot, squaresModulo } from './integer-roots.ts'
import { weaknessOfModulus } from './rsa-modulus.ts'
import { smallPrimes } from './small-primes.ts'

const bigInteger = fc.bigInt({ min: 0n, max: 2n ** 4100n })

function residuesOf(n: bigint): Uint16Array {
  return Uint16Array.from(smallPrimes, (prime) => Number(n % BigInt(prime)))
}

test('the square root of any integer is the largest integer whose square does not exceed it', () => {
  const check = (n: bigint): void => {
    const root = squareRoot(n)
    assert.ok(root * root <= n && n < (root + 1n) ** 2n, String(n))
  }
  fc.assert(fc.property(bigInteger, check), { seed: 15, numRuns: 2000 })
  fc.assert(
    fc.property(bigInteger, (root) =>
      [-1n, 0n, 1n].forEach((near) => check(root * root + near + 1n)),
    ),
    { seed: 15, numRuns: 1000 },
  )
  for (let n = 0n; n < 5000n; n += 1n) check(n)
})

test('a power of an integer without small factors is found with its exponent, and a neighboring number is not', () => {
  const exponents = [3, 5, 7, 11, 13, 29, 61, 157, 293, 617]
  fc.assert(
    fc.property(
      fc.constantFrom(...exponents),
      fc.bigInt({ min: 8209n, max: 2n ** 1024n }),
      (exponent, seed) => {
        const base = coprimeToSmall(
          exponent > 13 ? 8192n + (seed % 4000n) : seed >> BigInt(60 * exponent),
        )
        const power = base ** BigInt(exponent)
        assert.equal(perfectPower(power, residuesOf(power)), exponent)
        assert.equal(perfectPower(power + 2n, residuesOf(power + 2n)), undefined)
      },
    ),
    { seed: 15, numRuns: 60 },
  )
})

/** Returns the next integer of at least 8192 without a small prime factor. */
function coprimeToSmall(from: bigint): bigint {
  for (let candidate = from < 8192n ? 8209n : from; ; candidate += 1n)
    if (candidate % 2n === 1n && residuesOf(candidate).every((residue) => residue !== 0))
      return candidate
}

test('the filter for squares lets every square pass', () => {
  const moduli = [64, 63, 65, 11]
  const { modulus, mayBeSquare } = squaresModulo(moduli)
  assert.equal(modulus, 64 * 63 * 65 * 11)
  fc.assert(
    fc.property(bigInteger, (root) => {
      assert.ok(mayBeSquare(Number((root * root) % BigInt(modulus))))
    }),
    { seed: 15 },
  )
})

test('every small prime is found as a factor, alone and together with others', () => {
  const { modulus } = strongModulus()
  for (const prime of smallPrimes)
    assert.equal(
      weaknessOfModulus(integerOctets(modulus * BigInt(prime))),
      `RSA modulus is divisible by ${prime}`,
    )
  assert.match(
    weaknessOfModulus(integerOctets(modulus * 8191n * 7919n)) ?? '',
    /divisible by 7919$/,
  )
})

test("primes are too close if Fermat's method finds them within a hundred rounds, and not if they are further apart", () => {
  const { modulus } = strongModulus(512)
  const root = squareRoot(modulus)
  const found = (round: bigint, difference: bigint): string | undefined => {
    // The product (a − b)(a + b), which Fermat's method factors after about `round` rounds.
    const b = squareRoot(2n * root * round) + difference
    return weaknessOfModulus(integerOctets((root | 1n) ** 2n - (b & ~1n) ** 2n))
  }
  assert.match(found(3n, 0n) ?? '', /too close|divisible/)
  assert.match(found(98n, 0n) ?? '', /too close|divisible/)
  assert.doesNotMatch(found(130n, 0n) ?? '', /too close/)
})

test('moduli of every length with random primes have no weakness', () => {
  for (const bits of [2048, 3072, 4096])
    assert.equal(weaknessOfModulus(integerOctets(strongModulus(bits).modulus)), undefined)
})
