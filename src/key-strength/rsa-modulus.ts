/**
 * RSA moduli that anyone can factor (NIST SP 800-89 §5.3.3, CA/Browser Forum Baseline Requirements §6.1.1.3). The checks of a
 * 2048-bit modulus take about 75 µs. The test for a prime modulus takes longer and is in modulus-checks.ts.
 */
import { perfectPower, squareRoot, squaresModulo } from './integer-roots.ts'
import { oddPrimesBelow, smallPrimes } from './small-primes.ts'

/** Number of rounds of Fermat's method that the CA/Browser Forum requires. */
const fermatRounds = 100

/** A product of primes that a double can represent exactly. */
interface Word {
  readonly product: bigint
  readonly primes: readonly number[]
}

/** Several products of primes, multiplied together so that the long modulus is divided rarely. */
interface Chunk {
  readonly product: bigint
  readonly words: readonly Word[]
}

const wordsPerChunk = 19
const chunks = chunksOf(wordsOf(smallPrimes))

/**
 * Returns why anyone can factor a modulus, or undefined if no weakness was found. The `modulus` must be big-endian, odd and
 * nonzero.
 */
export function weaknessOfModulus(modulus: Uint8Array): string | undefined {
  const n = BigInt(
    `0x${Buffer.from(modulus.buffer, modulus.byteOffset, modulus.length).toString('hex')}`,
  )
  const residues = new Uint16Array(smallPrimes.length)
  const factor = readResidues(n, residues)
  if (factor !== undefined) return `RSA modulus is divisible by ${factor}`
  if (isRoca(residues)) return 'RSA key comes from a faulty generator (ROCA, CVE-2017-15361)'
  const exponent = perfectPower(n, residues)
  if (exponent !== undefined) return `RSA modulus is an integer raised to the power ${exponent}`
  const root = squareRoot(n)
  if (root * root === n) return 'RSA modulus is a square'
  if (hasCloseFactors(n, root + 1n))
    return 'the two primes of the RSA modulus are too close to each other'
  return undefined
}

/** Stores n modulo each of the small primes in `residues`, and returns a prime that divides n, if any. */
function readResidues(n: bigint, residues: Uint16Array): number | undefined {
  let index = 0
  for (const chunk of chunks) {
    const rest = n % chunk.product
    for (const { product, primes } of chunk.words) {
      const factor = readWord(Number(rest % product), primes, residues.subarray(index))
      if (factor !== undefined) return factor
      index += primes.length
    }
  }
  return undefined
}

function readWord(
  word: number,
  primes: readonly number[],
  residues: Uint16Array,
): number | undefined {
  for (let index = 0; index < primes.length; index += 1) {
    const prime = primes[index] ?? 1
    // The difference is negative if the quotient was rounded up to the next integer.
    const difference = word - Math.floor(word / prime) * prime
    if (difference === 0) return prime
    residues[index] = difference < 0 ? difference + prime : difference
  }
  return undefined
}

/** The primes in the published fingerprint (Nemec et al., "The Return of Coppersmith's Attack", 2017). */
const rocaPrimes = oddPrimesBelow(168)
const rocaGenerator = 65_537
const rocaResidues = rocaPrimes.map((prime) => powersModulo(rocaGenerator, prime))

/**
 * In a vulnerable key, both prime factors are powers of 65537 modulo each of the primes in the fingerprint, and so is their
 * product.
 */
function isRoca(residues: Uint16Array): boolean {
  return rocaResidues.every((powers, index) => powers.has(residues[index] ?? 0))
}

/** Filters for squares. Only one in 1,600 non-squares passes both filters. */
const filters = [squaresModulo([64, 63, 65, 11]), squaresModulo([17, 19, 23, 31])]

/**
 * Fermat's method. For increasing a, starting with the smallest possible value, it tests whether a² − n is a square b², because
 * then n = (a − b)(a + b).
 */
function hasCloseFactors(n: bigint, first: bigint): boolean {
  const starts = filters.map(({ modulus }) => ({
    a: Number(first % BigInt(modulus)),
    n: Number(n % BigInt(modulus)),
  }))
  for (let round = 0; round < fermatRounds; round += 1) {
    const mayBeSquare = filters.every(({ modulus, mayBeSquare: passes }, index) => {
      const start = starts[index] ?? { a: 0, n: 0 }
      const a = start.a + round
      return passes((a * a - start.n + modulus) % modulus)
    })
    if (!mayBeSquare) continue
    const a = first + BigInt(round)
    const square = a * a - n
    const b = squareRoot(square)
    if (b * b === square) return true
  }
  return false
}

function powersModulo(base: number, modulus: number): ReadonlySet<number> {
  const powers = new Set<number>()
  for (let power = 1; !powers.has(power); power = (power * base) % modulus) powers.add(power)
  return powers
}

function wordsOf(primes: readonly number[]): Word[] {
  const words: Word[] = []
  let group: number[] = []
  let product = 1
  for (const prime of primes) {
    if (product * prime > Number.MAX_SAFE_INTEGER) {
      words.push({ product: BigInt(product), primes: group })
      group = []
      product = 1
    }
    group.push(prime)
    product *= prime
  }
  return [...words, { product: BigInt(product), primes: group }]
}

function chunksOf(words: readonly Word[]): Chunk[] {
  const found: Chunk[] = []
  for (let start = 0; start < words.length; start += wordsPerChunk) {
    const group = words.slice(start, start + wordsPerChunk)
    const product = group.reduce((all, word) => all * word.product, 1n)
    found.push({ product, words: group })
  }
  return found
}
