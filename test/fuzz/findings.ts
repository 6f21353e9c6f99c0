/** What a run found, and how each of it is replayed. */

export interface Finding {
  /** `signed:123`: class and number of the request. */
  readonly request: string
  /** What was mutated. */
  readonly what: string
  readonly problem: string
  /** Requests of the same kind with the same problem, with this one. */
  count: number
}

export class Findings {
  readonly #byKind = new Map<string, Finding>()

  /** Keeps the first of each kind: what was mutated, and the problem without its numbers. */
  add(finding: Omit<Finding, 'count'>): void {
    const kind = `${finding.what} ${finding.problem.replaceAll(/\d+/g, '#').slice(0, 160)}`
    const known = this.#byKind.get(kind)
    if (known === undefined) this.#byKind.set(kind, { ...finding, count: 1 })
    else known.count += 1
  }

  get all(): readonly Finding[] {
    return [...this.#byKind.values()]
  }
}
