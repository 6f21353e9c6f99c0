/** Collects problems, counting all of them but keeping the text of only the first hundred. */
export class Problems {
  readonly #shown: string[] = []
  readonly #altered: string[] = []
  #count = 0

  add(problem: string): void {
    this.#count += 1
    if (this.#shown.length < shownMax) this.#shown.push(problem)
  }

  /**
   * Adds a problem for a row that differs from the record. The display limit for altered rows is higher than for other problems.
   */
  addAltered(problem: string): void {
    this.#count += 1
    if (this.#altered.length < alteredMax) this.#altered.push(problem)
  }

  get shown(): readonly string[] {
    return [...this.#altered, ...this.#shown]
  }

  get count(): number {
    return this.#count
  }
}

const shownMax = 100
const alteredMax = 10_000
