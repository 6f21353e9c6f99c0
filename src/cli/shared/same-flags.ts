/** The flags that a suggested next command needs to reach the same server or data as the current command. */
import { settings } from '../../settings/settings-table.ts'
import { storageSettings } from './config-flags.ts'

/** Flags of commands that call the API, by their names in Commander. */
const connectionFlags: Readonly<Record<string, string>> = {
  endpoint: 'endpoint',
  region: 'region',
  data: 'data',
  profile: 'profile',
  awsCredentials: 'aws-credentials',
  caFile: 'ca-file',
}

const storageFlags: Readonly<Record<string, string>> = Object.fromEntries(
  storageSettings.map((name) => [name, settings[name].flag]),
)

/**
 * Commands that work on the stored data, and commands that use neither the data nor the API. All commands outside this
 * list call the API.
 */
const flagsByCommand: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'access-key': storageFlags,
  policy: storageFlags,
  ceremony: {},
  inspect: {},
  restore: {},
}

/** Appends the flags to a command line that starts with `signet COMMAND`. */
export function withSameFlags(line: string, flags: object): string {
  const names = flagsByCommand[line.split(' ')[1] ?? ''] ?? connectionFlags
  const values = flags as Readonly<Record<string, unknown>>
  return [
    line,
    ...Object.entries(names).flatMap(([name, flag]) => flagText(flag, values[name])),
  ].join(' ')
}

function flagText(flag: string, value: unknown): string[] {
  if (value === true) return [`--${flag}`]
  return typeof value === 'string' ? [`--${flag} ${quoteArgument(value)}`] : []
}

/** Quotes an argument for a POSIX shell, unless it contains only safe characters. */
export function quoteArgument(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
