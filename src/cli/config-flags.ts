/** What the commands of the command line share: settings as flags, and how answers are printed. */
import { Option, type Command } from 'commander'
import {
  readConfig,
  variableOf,
  type Config,
  type Flags,
  type SettingName,
} from '../settings/config.ts'
import { durationForm, parseSeconds } from '../text/duration.ts'
import { ConfigurationError } from '../errors.ts'
import { parseAccountId } from '../settings/parse-values.ts'
import { settings } from '../settings/settings-table.ts'

/** Settings that commands beside `serve` need: where the data is. */
export const storageSettings: readonly SettingName[] = [
  'data',
  'database',
  'databasePasswordFile',
  'masterKeyFile',
]

/** What was given as an argument or as a flag. Throws ConfigurationError unless it is exactly one. */
export function onlyOne(
  what: string,
  argument: string | undefined,
  flag: string | undefined,
): string {
  const given = argument ?? flag
  if (given === undefined || (argument !== undefined && flag !== undefined))
    throw new ConfigurationError(`name one ${what}`)
  return given
}

/** A command with every setting, which leaves it to readConfig to name what is not known, with all else. */
export function allowUnknownFlags(command: Command): Command {
  return withSettings(command, Object.keys(settings) as SettingName[])
    .allowUnknownOption()
    .allowExcessArguments()
}

/** Adds `--flag VALUE` for settings, and `--flag` for switches. Bad values are found by readConfig, all at once. */
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

/** For serve and check-config: everything that is wrong in one message. */
export function configOf(flags: ParsedFlags, command: Command): Config {
  return readConfig(flagsOf(flags), process.env, unknownArguments(command))
}

/** For commands that ask it for more than settings. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return process.env
}

/** For the other commands. */
export function config(flags: Flags): Config {
  return readConfig(flags, process.env)
}

/** What commander left over: unknown flags, each perhaps with its value, and stray arguments. */
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
export function severalOf(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}

/** For commander: a whole number. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new ConfigurationError(`'${text}' must be a whole number`)
  return Number(text)
}

/** Seconds, as a plain number or as a duration. */
export function seconds(text: string): number {
  const value = parseSeconds(text)
  if (value === undefined)
    throw new ConfigurationError(`'${text}' must be a whole number of seconds, or ${durationForm}`)
  return value
}

/** A command on what belongs to one account, or to the oldest. */
export function ofAccount(group: Command, name: string): Command {
  return withSettings(group.command(name), storageSettings).option(
    '--account <id>',
    'account it belongs to (default: the oldest)',
    accountId,
  )
}

/** A command that lists what all accounts have, or one. */
export function listOf(group: Command): Command {
  return withSettings(group.command('list'), storageSettings).option(
    '--account <id>',
    'only those of this account',
    accountId,
  )
}

/** Examples for the end of a help text. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`
}
