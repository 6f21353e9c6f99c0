/** Collects problems: their number, and the texts of the first hundred. */
export class Problems {
  readonly #shown: string[] = []
  readonly #altered: string[] = []
  #count = 0

  add(problem: string): void {
    this.#count += 1
    if (this.#shown.length < shownMax) this.#shown.push(problem)
  }

  /** Adds a problem that names a row which differs from the record. More of them are shown than of other problems. */
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
