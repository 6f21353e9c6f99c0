/** Roots of large integers, and fast tests that rule out perfect powers. */
import { oddPrimesBelow, smallPrimes } from './small-primes.ts'

/** Returns the largest integer whose square is at most `n`, a nonnegative integer. */
export function squareRoot(n: bigint): bigint {
  const bits = bitLength(n)
  if (bits <= doubleBits) return BigInt(Math.floor(Math.sqrt(Number(n))))
  // The root of n's upper half yields the first half of the digits. One step of Newton's method yields the remaining digits.
  const half = BigInt(bits >> 2)
  let root = (squareRoot(n >> (2n * half)) + 1n) << half
  for (;;) {
    const next = (root + n / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

/** Maximum length in bits for which the rounded-down square root of a double is exact. */
const doubleBits = 50

/** Returns the largest integer whose power with the given exponent is at most n. */
function integerRoot(n: bigint, exponent: number): bigint {
  const power = BigInt(exponent)
  let root = rootEstimate(n, exponent)
  for (;;) {
    const next = ((power - 1n) * root + n / root ** (power - 1n)) / power
    if (next >= root) return root
    root = next
  }
}

/** Returns a value slightly above the root, from which Newton's method needs only a few steps. */
function rootEstimate(n: bigint, exponent: number): bigint {
  const dropped = Math.max(0, bitLength(n) - doubleBits)
  const logarithm = (Math.log2(Number(n >> BigInt(dropped))) + dropped) / exponent
  const scale = Math.max(0, Math.floor(logarithm) - doubleBits)
  const upper = BigInt(Math.ceil(2 ** (logarithm - scale) * (1 + estimateError))) + 1n
  return upper << BigInt(scale)
}

/** An upper bound on the error when the logarithm of an 8192-bit number is computed as a double. */
const estimateError = 2 ** -36

function bitLength(n: bigint): number {
  const hex = n.toString(16)
  return (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex[0] ?? '0', 16)))
}

/**
 * A filter for powers with a given exponent. Modulo each of the primes, powers with the given exponent have only a few residues.
 */
interface PowerFilter {
  readonly exponent: number
  /** Primes, each with its index among the small primes. */
  readonly primes: readonly { readonly prime: number; readonly index: number }[]
}

/** Every prime factor of the base has at least 13 bits, because smaller primes have already been ruled out by division. */
const baseBitsMin = 13
const bitsMax = 8192
const filterPrimesMax = 8
const indexedPrimes = smallPrimes.map((prime, index) => ({ prime, index }))
let filters: readonly PowerFilter[] | undefined

/** The filters are created when the first key is checked, so that they do not slow startup. */
function powerFilters(): readonly PowerFilter[] {
  filters ??= oddPrimesBelow(bitsMax / baseBitsMin).map(filterOf)
  return filters
}

function filterOf(exponent: number): PowerFilter {
  const primes = indexedPrimes.filter(({ prime }) => prime % exponent === 1)
  return { exponent, primes: primes.slice(0, filterPrimesMax) }
}

/**
 * Returns the smallest odd prime p for which n is the p-th power of an integer, or undefined if there is none. `residues`
 * contains n modulo each of the small primes, in order. None of the residues may be zero.
 */
export function perfectPower(n: bigint, residues: Uint16Array): number | undefined {
  const exponentMax = bitLength(n) / baseBitsMin
  for (const { exponent, primes } of powerFilters()) {
    if (exponent > exponentMax) break
    const mayBePower = primes.every(
      ({ prime, index }) => powerModulo(residues[index] ?? 0, (prime - 1) / exponent, prime) === 1,
    )
    if (mayBePower && integerRoot(n, exponent) ** BigInt(exponent) === n) return exponent
  }
  return undefined
}

/** Returns base^exponent mod modulus. The modulus must be less than 2^26. */
function powerModulo(base: number, exponent: number, modulus: number): number {
  let result = 1
  let square = base
  for (let rest = exponent; rest > 0; rest >>= 1) {
    if ((rest & 1) === 1) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

/** A filter for squares. The filter rejects most non-squares by their residues modulo several small numbers. */
interface SquareFilter {
  readonly modulus: number
  /** If an entry in the table is false, no integer with that residue is a square. */
  readonly mayBeSquare: (residue: number) => boolean
}

/** The `moduli` must be coprime, and a double must be able to represent the square of their product exactly. */
export function squaresModulo(moduli: readonly number[]): SquareFilter {
  const tables = moduli.map((modulus) => {
    const table = new Uint8Array(modulus)
    for (let root = 0; root < modulus; root += 1) table[(root * root) % modulus] = 1
    return { modulus, table }
  })
  return {
    modulus: moduli.reduce((product, modulus) => product * modulus, 1),
    mayBeSquare: (residue) => tables.every(({ modulus, table }) => table[residue % modulus] === 1),
  }
}
