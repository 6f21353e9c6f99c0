/** Collects problems: their number, and the texts of the first hundred. */
export class Problems {
  readonly #shown: string[] = []
  #count = 0

  add(problem: string): void {
    this.#count += 1
    if (this.#shown.length < shownMax) this.#shown.push(problem)
  }

  get shown(): readonly string[] {
    return this.#shown
  }

  get count(): number {
    return this.#count
  }
}

const shownMax = 100
