/** Roots of large integers, and fast tests that exclude them. */
import { oddPrimesBelow, smallPrimes } from './small-primes.ts'

/** The largest integer whose square is not larger than n, which is not negative. */
export function squareRoot(n: bigint): bigint {
  const bits = bitLength(n)
  if (bits <= doubleBits) return BigInt(Math.floor(Math.sqrt(Number(n))))
  // The root of the upper half has half of the digits right. One step of Newton's method gives the others.
  const half = BigInt(bits >> 2)
  let root = (squareRoot(n >> (2n * half)) + 1n) << half
  for (;;) {
    const next = (root + n / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

/** Up to this length, the rounded-down square root of a double is exact. */
const doubleBits = 50

/** The largest integer whose power with that exponent is not larger than n. */
function integerRoot(n: bigint, exponent: number): bigint {
  const power = BigInt(exponent)
  let root = rootEstimate(n, exponent)
  for (;;) {
    const next = ((power - 1n) * root + n / root ** (power - 1n)) / power
    if (next >= root) return root
    root = next
  }
}

/** Slightly more than the root, so that Newton's method, which approaches it from above, takes few steps. */
function rootEstimate(n: bigint, exponent: number): bigint {
  const dropped = Math.max(0, bitLength(n) - doubleBits)
  const logarithm = (Math.log2(Number(n >> BigInt(dropped))) + dropped) / exponent
  const scale = Math.max(0, Math.floor(logarithm) - doubleBits)
  const upper = BigInt(Math.ceil(2 ** (logarithm - scale) * (1 + estimateError))) + 1n
  return upper << BigInt(scale)
}

/** More than the error of a logarithm of 8192 bits in a double. */
const estimateError = 2 ** -36

function bitLength(n: bigint): number {
  const hex = n.toString(16)
  return (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex[0] ?? '0', 16)))
}

/** An integer that is a power with that exponent has one of few residues modulo each of the primes. */
interface PowerFilter {
  readonly exponent: number
  /** Each with its index among the small primes. */
  readonly primes: readonly { readonly prime: number; readonly index: number }[]
}

/** Every prime factor of the base has at least 13 bits: division by smaller primes comes first. */
const baseBitsMin = 13
const bitsMax = 8192
const filterPrimesMax = 8
const indexedPrimes = smallPrimes.map((prime, index) => ({ prime, index }))
let filters: readonly PowerFilter[] | undefined

/** Created for the first key, so that they do not delay the start. */
function powerFilters(): readonly PowerFilter[] {
  filters ??= oddPrimesBelow(bitsMax / baseBitsMin).map(filterOf)
  return filters
}

function filterOf(exponent: number): PowerFilter {
  const primes = indexedPrimes.filter(({ prime }) => prime % exponent === 1)
  return { exponent, primes: primes.slice(0, filterPrimesMax) }
}

/**
 * The smallest odd prime exponent with which n is the power of an integer, or undefined. `residues` has n modulo
 * each of the small primes, in their order; none of them is zero.
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

/** base^exponent mod modulus, which is less than 2^26. */
function powerModulo(base: number, exponent: number, modulus: number): number {
  let result = 1
  let square = base
  for (let rest = exponent; rest > 0; rest >>= 1) {
    if ((rest & 1) === 1) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

/** A filter for squares: their residues modulo the product of some small moduli. */
interface SquareFilter {
  readonly modulus: number
  /** False proves that an integer with that residue is not a square. */
  readonly mayBeSquare: (residue: number) => boolean
}

/** `moduli` are coprime, and a double represents the square of their product exactly. */
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
