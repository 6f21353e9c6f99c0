/** A flag and its environment variable. `parse` throws an Error that says what the value must be. */
export interface Setting<T> {
  readonly flag: string
  /** What stands for its value in the help text; empty for a switch, which has none. */
  readonly value: string
  readonly description: string
  readonly fallback: string | undefined
  readonly parse: (text: string) => T
}

/** A row of the table in settings-table.ts. */
// oxlint-disable-next-line max-params -- rows of a table
export function setting<T>(
  flag: string,
  value: string,
  description: string,
  fallback: string | undefined,
  parse: (text: string) => T,
): Setting<T> {
  return { flag, value, description, fallback, parse }
}
