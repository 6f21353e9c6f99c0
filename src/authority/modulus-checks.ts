/** The checks of RSA moduli, each once for a modulus that the process remembers: a key comes again with each renewal. */
import { checkPrime, hash } from 'node:crypto'
import { createBoundedCache } from '../bounded-cache.ts'
import { weaknessOfModulus } from './rsa-modulus.ts'

/** What is known of a modulus; a member is undefined until it is asked for. */
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

/** As weaknessOfModulus. */
export function rememberedWeakness(modulus: Uint8Array): string | undefined {
  const verdict = verdictOf(modulus)
  verdict.weakness ??= { reason: weaknessOfModulus(modulus) }
  return verdict.weakness.reason
}

/**
 * Whether an odd integer, big-endian and at least 2048 bits long, is prime: an RSA modulus that is has a private exponent
 * that anyone can compute (NIST SP 800-89 §5.3.3). No cheaper proof is known than an exponentiation of the modulus's own
 * length: 1.5 ms for 2048 bits, 11 ms for 4096. It runs on libuv's pool.
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

/** A prime is tested much longer than a product, up to seconds: it must not take the pool from signatures. */
const largeBits = 3072
const smallLane = createLane(2)
const largeLane = createLane(1)

/** One round proves a product with a probability of error below 2^-80 for random integers of this size. */
const rounds = 1

function testPrime(modulus: Uint8Array): Promise<boolean> {
  return new Promise((resolve, reject) => {
    checkPrime(modulus, { checks: rounds }, (error, isPrime) => {
      if (error) reject(error)
      else resolve(isPrime)
    })
  })
}

/** Runs at most `width` tasks at a time; the others wait in their order. */
function createLane(width: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (task) => {
    if (running === width) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await task()
    } finally {
      // The place passes to the next in line, so that nobody else takes it meanwhile.
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}
