/** Flags for settings, and parsers for flags and arguments that several commands share. */
import { Option, type Command } from 'commander'
import {
  readConfig,
  variableOf,
  type Config,
  type Flags,
  type SettingName,
} from '../../settings/config.ts'
import { similarName } from '../../text/closest-names.ts'
import { durationForm, parseSeconds } from '../../text/duration.ts'
import { ConfigurationError } from '../../errors.ts'
import { parseAccountId } from '../../settings/parse-values.ts'
import { settings } from '../../settings/settings-table.ts'
import type { ProcessIo } from './context.ts'

/** Settings that specify the location of the data, for commands other than `serve`. */
export const storageSettings: readonly SettingName[] = [
  'data',
  'database',
  'databasePasswordFile',
  'masterKeyFile',
  'masterKeyKms',
  'kmsEndpoint',
  'masterKeyPkcs11',
  'pkcs11Module',
  'pkcs11Token',
  'pkcs11PinFile',
]

/** Returns whether a setting has a flag as well as an environment variable. */
export function hasFlag(name: SettingName): boolean {
  return settings[name].isVariableOnly !== true
}

const settingNames = (Object.keys(settings) as SettingName[]).filter(hasFlag)

/**
 * Returns the value of an argument or of the equivalent flag. Throws ConfigurationError unless exactly one of the
 * argument and the flag is present.
 */
export function onlyOne(
  noun: string,
  argument: string | undefined,
  flag: string | undefined,
): string {
  const value = argument ?? flag
  if (value === undefined || (argument !== undefined && flag !== undefined))
    throw new ConfigurationError(`exactly one ${noun} is required`)
  return value
}

/**
 * Returns the Commander option for a setting: `--flag VALUE`, or `--flag` for a switch. The setting's value is
 * validated by readConfig.
 */
export function optionOf(name: SettingName): Option {
  const { flag, value, description, fallback } = settings[name]
  const note = fallback === undefined ? '' : ` (default: ${fallback})`
  const text = `${description}${note} [${variableOf(flag)}]`
  return new Option(value === '' ? `--${flag}` : `--${flag} <${value}>`, text)
}

/** Settings in the form that Commander returns: a switch is a boolean, and `--no-ca-issuers` sets caIssuers to false. */
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

/** Returns the configuration for `serve` and `check-config`. Throws a single ConfigurationError that lists all errors. */
export function serverConfigOf(
  { environment }: Environment,
  flags: ParsedFlags,
  command: Command,
): Config {
  return readConfig(flagsOf(flags), environment, unknownArguments(command))
}

/** Returns the configuration for all other commands. */
export function configOf({ environment }: Environment, flags: Flags): Config {
  return readConfig(flags, environment)
}

/** Describes the arguments that Commander could not parse: unknown flags, possibly with values, and unexpected arguments. */
function unknownArguments(command: Command): string[] {
  return command.args.flatMap((argument, index, all) => {
    if (argument.startsWith('-')) {
      const [flag = ''] = argument.split('=')
      const known = command.options.flatMap(({ long }) => long ?? [])
      const similar = similarName(flag, known)
      const advice = similar === undefined ? '' : `; did you mean ${similar}?`
      return [`unknown option '${flag}' of signet ${command.name()}${advice}`]
    }
    return all[index - 1]?.startsWith('-') ? [] : [`unexpected argument '${argument}'`]
  })
}

/** Parses an account ID for Commander. */
export function accountId(text: string): string {
  try {
    return parseAccountId(text)
  } catch (error) {
    throw new ConfigurationError(`account ${(error as Error).message}, not '${text}'`)
  }
}

/** Collects the values of a repeatable flag for Commander. */
export function severalOf(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text]
}

/** Parses a whole number for Commander. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new ConfigurationError(`'${text}' must be a whole number`)
  return Number(text)
}

/** Parses a number of seconds or a duration for Commander, and returns the number of seconds. */
export function seconds(text: string): number {
  const value = parseSeconds(text)
  if (value === undefined)
    throw new ConfigurationError(`'${text}' must be a whole number of seconds, or ${durationForm}`)
  return value
}
