import { oneOf } from './parse-values.ts'

/** A setting of the server: a flag, and its environment variable. */
export interface Setting<T> extends SettingRow<T> {
  readonly flag: string
}

export interface SettingRow<T> {
  /** What stands for its value in the help text; empty for a switch, which has none. */
  readonly value: string
  readonly description: string
  /** Throws an Error that says what the value must be. */
  readonly parse: (text: string) => T
  readonly fallback: string | undefined
  /** Whether the setting has no flag, because arguments of a process are visible to every user of the machine. */
  readonly variableOnly: boolean
}

/** A row of the table in settings-table.ts. */
// oxlint-disable-next-line max-params -- rows of a table
export function setting<T>(
  value: string,
  description: string,
  parse: (text: string) => T,
  fallback?: string,
): SettingRow<T> {
  return { value, description, parse, fallback, variableOnly: false }
}

/** The row of a secret, which is taken from its environment variable only. */
export function secretVariable<T>(row: SettingRow<T>): SettingRow<T> {
  return { ...row, variableOnly: true }
}

/** The row of a switch, which is off by default. */
export function toggle(description: string): SettingRow<'true' | 'false'> {
  return setting('', description, oneOf(['true', 'false']), 'false')
}

/** Adds the flags, which follow from the names: `publicUrl` is `--public-url`. */
export function withFlags<Rows extends Readonly<Record<string, SettingRow<unknown>>>>(
  rows: Rows,
): { readonly [Name in keyof Rows]: Rows[Name] & { readonly flag: string } } {
  const entries = Object.entries(rows).map(([name, row]) => [
    name,
    { flag: name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), ...row },
  ])
  return Object.fromEntries(entries) as ReturnType<typeof withFlags<Rows>>
}
