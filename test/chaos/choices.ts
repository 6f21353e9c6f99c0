/** Pseudorandom choices that are reproducible from a seed. */

export interface Choices {
  /** Returns a number from 0 to 1, excluding 1. */
  fraction(): number
  /** Returns an integer from 0 to `end`, excluding `end`. */
  below(end: number): number
  /** Returns an element of a nonempty list. */
  of<T>(list: readonly T[]): T
  /** Returns a copy of the list in random order. */
  shuffled<T>(list: readonly T[]): T[]
}

/**
 * Mulberry32, a random number generator with 32 bits of state. Mulberry32 is good enough for tests, and gives the same results on
 * every machine.
 */
export function choicesOf(seed: number): Choices {
  let state = seed >>> 0
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (end: number): number => Math.floor(fraction() * end)
  return {
    fraction,
    below,
    of: (list) => list[below(list.length)] as (typeof list)[number],
    shuffled(list) {
      const remaining = [...list]
      return list.flatMap(() => remaining.splice(below(remaining.length), 1))
    },
  }
}
