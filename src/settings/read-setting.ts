/** Reads a setting from flags or environment variables. */
import type { Setting } from './setting.ts'
import { settings } from './settings-table.ts'

type Settings = typeof settings
export type SettingName = keyof Settings
/** Values from the command line, keyed by setting. */
export type Flags = Partial<Record<SettingName, string>>

/** Returns the environment variable that corresponds to a flag, such as SIGNET_PUBLIC_URL for `public-url`. */
export function variableOf(flag: string): string {
  return `SIGNET_${flag.toUpperCase().replaceAll('-', '_')}`
}

/** Returns the value of a setting, or undefined if it is absent or invalid. */
export type Read = <N extends SettingName>(name: N) => ReturnType<Settings[N]['parse']> | undefined

export function readSetting<N extends SettingName>(from: {
  readonly name: N
  readonly flags: Flags
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly problems: string[]
}): ReturnType<Settings[N]['parse']> | undefined {
  const row = settings[from.name] as Setting<ReturnType<Settings[N]['parse']>>
  const { flag, fallback, parse, redact } = row
  const variable = variableOf(flag)
  const [source, text] =
    from.flags[from.name] !== undefined
      ? [`--${flag}`, from.flags[from.name]]
      : [variable, from.environment[variable]]
  const value = text ?? fallback
  if (value === undefined) return undefined
  try {
    return parse(value)
  } catch (error) {
    const isSecret = redact !== undefined || mayContainPassword(value)
    const echo = isSecret ? '' : `, not '${value}'`
    from.problems.push(`${source} ${(error as Error).message}${echo}`)
    return undefined
  }
}

/** Returns whether a value could be a URL that contains a password. */
export function mayContainPassword(value: string): boolean {
  return value.includes('@')
}

/** Environment variables for commands that call the API (cli/shared/connection-flags.ts). */
const clientVariables = ['SIGNET_ENDPOINT', 'SIGNET_CA', 'SIGNET_CALLED_AS']

/** Returns an error for every SIGNET_ variable that no setting or command uses. */
export function unknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const settable = Object.values(settings).map(({ flag }) => variableOf(flag))
  const known = new Set([...settable, ...clientVariables])
  return Object.keys(environment)
    .filter((name) => name.startsWith('SIGNET_') && !known.has(name))
    .sort()
    .map((name) => `${name} is not an environment variable of signet`)
}
