/** Checks RSA moduli, and caches the results because renewals often use the same key. */
import { checkPrime, hash } from 'node:crypto'
import { createBoundedCache } from '../bounded-cache.ts'
import { weaknessOfModulus } from './rsa-modulus.ts'

/** Check results for a modulus; a member is undefined until its check has run. */
interface Verdict {
  weakness?: { readonly reason: string | undefined }
  prime?: Promise<boolean>
}

const rememberedMax = 4096
const verdicts = createBoundedCache<Verdict>(rememberedMax)

function verdictOf(modulus: Uint8Array): Verdict {
  const name = hash('sha256', modulus)
  const known = verdicts.get(name)
  if (known !== undefined) return known
  const verdict: Verdict = {}
  verdicts.set(name, verdict)
  return verdict
}

/** Caching version of weaknessOfModulus. */
export function rememberedWeakness(modulus: Uint8Array): string | undefined {
  const verdict = verdictOf(modulus)
  verdict.weakness ??= { reason: weaknessOfModulus(modulus) }
  return verdict.weakness.reason
}

/**
 * Resolves to whether an odd, big-endian integer of at least 2048 bits is prime. Anyone can compute the private exponent for a
 * prime RSA modulus (NIST SP 800-89 §5.3.3). The primality test is a single modular exponentiation in libuv's thread pool. The
 * test takes 1.5 ms for 2048 bits and 11 ms for 4096 bits.
 */
export async function isPrimeModulus(modulus: Uint8Array): Promise<boolean> {
  const verdict = verdictOf(modulus)
  const lane = modulus.length * 8 > largeBits ? largeLane : smallLane
  verdict.prime ??= lane(() => testPrime(modulus))
  try {
    return await verdict.prime
  } catch (error) {
    delete verdict.prime
    throw error
  }
}

/**
 * Testing a prime can take seconds, much longer than testing a product. Tests of primes must not keep the thread pool from
 * signing.
 */
const largeBits = 3072
const smallLane = createLane(2)
const largeLane = createLane(1)

/**
 * Number of rounds. For random integers of 2048 bits or more, one round fails to detect a product with a probability below 2^-80.
 */
const rounds = 1

function testPrime(modulus: Uint8Array): Promise<boolean> {
  return new Promise((resolve, reject) => {
    checkPrime(modulus, { checks: rounds }, (error, isPrime) => {
      if (error) reject(error)
      else resolve(isPrime)
    })
  })
}

/** Runs at most `width` tasks concurrently; all other tasks wait in order. */
function createLane(width: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (task) => {
    if (running === width) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await task()
    } finally {
      // The slot is handed directly to the next waiting task, so that a new task cannot take it first.
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}
