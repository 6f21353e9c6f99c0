/** Random choices that a seed repeats. */

export interface Choices {
  /** From 0 up to, and without, 1. */
  fraction(): number
  /** An integer from 0 up to, and without, `end`. */
  below(end: number): number
  /** One of a list that is not empty. */
  of<T>(list: readonly T[]): T
  /** The same list in another order. */
  shuffled<T>(list: readonly T[]): T[]
}

/** Mulberry32, a generator of 32 bits of state: enough for a test, and the same on every machine. */
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
      const left = [...list]
      return list.flatMap(() => left.splice(below(left.length), 1))
    },
  }
}
