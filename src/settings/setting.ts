import { oneOf } from './parse-values.ts'

/** A server setting, which has a flag and an environment variable. */
export interface Setting<T> extends SettingRow<T> {
  readonly flag: string
}

export interface SettingRow<T> {
  /** Placeholder for the value in the help text; empty for a switch. */
  readonly value: string
  readonly description: string
  /** Parses the value, and throws an Error that states the valid form. */
  readonly parse: (text: string) => T
  readonly fallback: string | undefined
  /** Whether the setting has no flag, because other users can read a process's command line. */
  readonly isVariableOnly?: boolean
  /**
   * Returns a value without its secrets, for DescribeServer. If this function is present, errors never contain the setting's
   * value.
   */
  readonly redact?: (text: string) => string
}

/** The text that replaces a secret. */
export const redacted = '(hidden)'

/** Creates a row of the table in settings-table.ts. */
// oxlint-disable-next-line max-params -- rows of a table
export function setting<T>(
  value: string,
  description: string,
  parse: (text: string) => T,
  fallback?: string,
): SettingRow<T> {
  return { value, description, parse, fallback }
}

/** Creates the table row for a secret, which is read only from an environment variable. */
export function secret<T>(description: string, parse: (text: string) => T): SettingRow<T> {
  return { ...setting('SECRET', description, parse), isVariableOnly: true, redact: () => redacted }
}

/** Marks a row's value as a URL that can contain secrets. `isOriginOnly` also redacts the path and the query. */
export function secretUrl<T>(
  row: SettingRow<T>,
  { isOriginOnly = false }: { readonly isOriginOnly?: boolean } = {},
): SettingRow<T> {
  const redact = (text: string): string => {
    if (!URL.canParse(text)) return redacted
    const url = new URL(text)
    if (isOriginOnly) return `${url.protocol}//${url.host}/${redacted}`
    if (url.password !== '') url.password = redacted
    return url.href.replace(encodeURIComponent(redacted), redacted)
  }
  return { ...row, redact }
}

/** Creates the table row for a switch, which is off by default. */
export function toggle(description: string): SettingRow<'true' | 'false'> {
  return setting('', description, oneOf(['true', 'false']), 'false')
}

/** Adds the flags, whose names are derived from the settings' names: `publicUrl` becomes `--public-url`. */
export function withFlags<Rows extends Readonly<Record<string, SettingRow<unknown>>>>(
  rows: Rows,
): { readonly [Name in keyof Rows]: Rows[Name] & { readonly flag: string } } {
  const entries = Object.entries(rows).map(([name, row]) => [
    name,
    { flag: name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), ...row },
  ])
  return Object.fromEntries(entries) as ReturnType<typeof withFlags<Rows>>
}
