/** Settings as flags, and the flags and arguments that several commands have. */
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

/** Adds every setting, and leaves unknown flags to readConfig, which reports all mistakes together. */
export function allowUnknownFlags(command: Command): Command {
  return withSettings(command, Object.keys(settings) as SettingName[])
    .allowUnknownOption()
    .allowExcessArguments()
}

/** Adds `--flag VALUE` for settings, and `--flag` for switches. readConfig reports bad values, all together. */
export function withSettings(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) {
    const { flag, value, description, fallback } = settings[name]
    const note = fallback === undefined ? '' : ` (default: ${fallback})`
    const text = `${description}${note} [${variableOf(flag)}]`
    command.addOption(new Option(value === '' ? `--${flag}` : `--${flag} <${value}>`, text))
  }
  return command.exitOverride()
}

/** Settings as commander returns them: a switch is a boolean, and `--no-ca-issuers` a member caIssuers that is false. */
export type ParsedFlags = Readonly<Record<string, string | boolean | undefined>>

function flagsOf(parsed: ParsedFlags): Flags {
  const flags: Flags = {}
  for (const name of Object.keys(settings) as SettingName[]) {
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

/** A subcommand with the account that it is about; the default is the oldest account. */
export function ofAccount(group: Command, name: string): Command {
  return withSettings(group.command(name), storageSettings).option(
    '--account <id>',
    'account it belongs to (default: the oldest)',
    accountId,
  )
}

/** The subcommand `list`, of all accounts or of one. */
export function listOf(group: Command): Command {
  return withSettings(group.command('list'), storageSettings).option(
    '--account <id>',
    'only those of this account',
    accountId,
  )
}

/** Adds `--tag`. */
export function withTags(command: Command): Command {
  return command.option(
    '--tag <key=value>',
    'tag, for aws:PrincipalTag; several times for several',
    severalOf,
  )
}

/** Examples for the end of a help text. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`
}
