/** The findings of a run, each with the request number for a replay. */

export interface Finding {
  /** Class and number of the request, such as `signed:123`. */
  readonly request: string
  /** Label of the mutated request. */
  readonly label: string
  readonly problem: string
  /** Number of requests of the same type with the same problem, including this request. */
  count: number
}

export class Findings {
  readonly #byKind = new Map<string, Finding>()

  /** Keeps the first finding of each type. The type consists of the label and the problem without its numbers. */
  add(finding: Omit<Finding, 'count'>): void {
    const kind = `${finding.label} ${finding.problem.replaceAll(/\d+/g, '#').slice(0, 160)}`
    const known = this.#byKind.get(kind)
    if (known === undefined) this.#byKind.set(kind, { ...finding, count: 1 })
    else known.count += 1
  }

  get all(): readonly Finding[] {
    return [...this.#byKind.values()]
  }
}
