/** Settings as flags, and the values of flags and arguments that several commands have. */
import { Option, type Command } from 'commander'
import {
  readConfig,
  variableOf,
  type Config,
  type Flags,
  type SettingName,
} from '../../settings/config.ts'
import { durationForm, parseSeconds } from '../../text/duration.ts'
import { ConfigurationError } from '../../errors.ts'
import { parseAccountId } from '../../settings/parse-values.ts'
import { settings } from '../../settings/settings-table.ts'
import type { ProcessIo } from './context.ts'

/** Settings that commands beside `serve` need: where the data is. */
export const storageSettings: readonly SettingName[] = [
  'data',
  'database',
  'databasePasswordFile',
  'masterKeyFile',
]

/** Settings that are flags. */
export const settingNames = (Object.keys(settings) as SettingName[]).filter(
  (name) => !settings[name].variableOnly,
)

/** The value of an argument or of the flag in its place. Throws ConfigurationError unless exactly one of them is there. */
export function onlyOne(
  noun: string,
  argument: string | undefined,
  flag: string | undefined,
): string {
  const value = argument ?? flag
  if (value === undefined || (argument !== undefined && flag !== undefined))
    throw new ConfigurationError(`name one ${noun}`)
  return value
}

/** The option of a setting: `--flag VALUE`, or `--flag` for a switch. readConfig reports bad values, all together. */
export function optionOf(name: SettingName): Option {
  const { flag, value, description, fallback } = settings[name]
  const note = fallback === undefined ? '' : ` (default: ${fallback})`
  const text = `${description}${note} [${variableOf(flag)}]`
  return new Option(value === '' ? `--${flag}` : `--${flag} <${value}>`, text)
}

/** Settings as commander returns them: a switch is a boolean, and `--no-ca-issuers` a member caIssuers that is false. */
export type ParsedFlags = Readonly<Record<string, string | boolean | undefined>>

function flagsOf(parsed: ParsedFlags): Flags {
  const flags: Flags = {}
  for (const name of settingNames) {
    const isNegative = settings[name].flag.startsWith('no-')
    const positive = name.charAt(2).toLowerCase() + name.slice(3)
    const value = isNegative ? parsed[positive] === false || undefined : parsed[name]
    if (value !== undefined) flags[name] = String(value)
  }
  return flags
}

type Environment = Pick<ProcessIo, 'environment'>

/** The configuration of `serve` and `check-config`. Throws one ConfigurationError for all that is wrong. */
export function serverConfigOf(
  { environment }: Environment,
  flags: ParsedFlags,
  command: Command,
): Config {
  return readConfig(flagsOf(flags), environment, unknownArguments(command))
}

/** The configuration of the other commands. */
export function configOf({ environment }: Environment, flags: Flags): Config {
  return readConfig(flags, environment)
}

/** Arguments that commander did not parse: unknown flags, each perhaps with its value, and stray arguments. */
function unknownArguments(command: Command): string[] {
  return command.args.flatMap((argument, index, all) => {
    if (argument.startsWith('-')) {
      const flag = argument.split('=')[0]
      return [`${flag} is not a flag of signet ${command.name()}`]
    }
    return all[index - 1]?.startsWith('-') ? [] : [`'${argument}' is not expected`]
  })
}

/** For commander: an account id. */
export function accountId(text: string): string {
  try {
    return parseAccountId(text)
  } catch (error) {
    throw new ConfigurationError(`account ${(error as Error).message}, not '${text}'`)
  }
}

/** For commander: a flag that may be given several times. */
export function severalOf(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text]
}

/** For commander: a whole number. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new ConfigurationError(`'${text}' must be a whole number`)
  return Number(text)
}

/** For commander: seconds, as a plain number or as a duration. */
export function seconds(text: string): number {
  const value = parseSeconds(text)
  if (value === undefined)
    throw new ConfigurationError(`'${text}' must be a whole number of seconds, or ${durationForm}`)
  return value
}
