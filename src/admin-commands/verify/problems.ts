/** Problems found, as many as a person reads. */
export class Problems {
  readonly #shown: string[] = []
  #count = 0

  add(what: string): void {
    this.#count += 1
    if (this.#shown.length < shownMax) this.#shown.push(what)
  }

  get shown(): readonly string[] {
    return this.#shown
  }

  get count(): number {
    return this.#count
  }
}

const shownMax = 100
