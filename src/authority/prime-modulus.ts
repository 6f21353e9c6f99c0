/**
 * Whether an RSA modulus is prime, so that its private exponent is a division away (NIST SP 800-89 §5.3.3). No cheaper
 * proof is known than an exponentiation of the modulus's own length: 1.5 ms for 2048 bits, 11 ms for 4096. It runs on
 * libuv's pool, and once for each modulus that a process remembers.
 */
import { checkPrime, hash } from 'node:crypto'
import { createBoundedCache } from '../bounded-cache.ts'

const rememberedMax = 4096
const known = createBoundedCache<Promise<boolean>>(rememberedMax)

/** A prime is tested much longer than a product, up to seconds: it must not take the pool from signatures. */
const largeBits = 3072
const smallLane = createLane(2)
const largeLane = createLane(1)

/** One round proves a product with a probability of error below 2^-80 for random integers of this size. */
const rounds = 1

/** Whether an odd integer, big-endian and at least 2048 bits long, is prime. */
export function isPrimeModulus(modulus: Uint8Array): Promise<boolean> {
  const name = hash('sha256', modulus)
  const earlier = known.get(name)
  if (earlier !== undefined) return earlier
  const lane = modulus.length * 8 > largeBits ? largeLane : smallLane
  const result = lane(() => testPrime(modulus))
  known.set(name, result)
  result.catch(() => known.delete(name))
  return result
}

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
