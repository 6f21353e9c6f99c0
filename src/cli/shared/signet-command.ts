/** Commander's command, with what the commands of signet have in common: their settings, their examples, their printed answers. */
import { Command, Option, type ParseOptionsResult } from 'commander'
import {
  accountId,
  configOf,
  optionOf,
  settingNames,
  severalOf,
  storageSettings,
} from './config-flags.ts'
import type { Config, Flags, SettingName } from '../../settings/config.ts'
import { printDone } from '../../terminal.ts'
import type { CommandContext } from './context.ts'
import {
  nextSteps,
  outputForms,
  printResult,
  type OutputFlags,
  type OutputForm,
  type Result,
} from './print.ts'

/** One call of a command that works on the stored data. */
export interface Call<F = Flags> {
  readonly config: Config
  readonly flags: F
}

/** How the result of a command is printed, and what follows it on a terminal. */
export interface View extends Pick<Result, 'columns' | 'empty'> {
  /** Commands to run next. */
  readonly next?: (...names: readonly string[]) => readonly string[]
  /** Sentence that confirms a command without a result. */
  readonly done?: (...names: readonly string[]) => string
}

export class SignetCommand extends Command {
  readonly context: CommandContext

  constructor(context: CommandContext, name?: string) {
    super(name)
    this.context = context
    this.exitOverride().helpCommand(false)
  }

  /** Reports an unknown flag before Commander reports missing required flags, since the one is often a typo of the other. */
  override parseOptions(argv: string[]): ParseOptionsResult {
    const parsed = super.parseOptions(argv)
    const [flag] = parsed.unknown
    const isHelp = parsed.unknown.some((argument) => argument === '--help' || argument === '-h')
    if (this.commands.length === 0 && flag?.startsWith('-') === true && !isHelp)
      (this as unknown as { unknownOption(flag: string): void }).unknownOption(flag)
    return parsed
  }

  override createCommand(name?: string): SignetCommand {
    return new SignetCommand(this.context, name)
  }

  /** Adds `--flag VALUE` for settings, and `--flag` for switches. readConfig reports bad values, all together. */
  settings(names: readonly SettingName[] = storageSettings): this {
    for (const name of names) this.addOption(optionOf(name))
    return this
  }

  /** Adds every setting, and leaves unknown flags to readConfig, which reports all mistakes together. */
  everySetting(): this {
    return this.settings(settingNames).allowUnknownOption().allowExcessArguments()
  }

  /** Adds `--output` and `--wide`. The default is a table on a terminal, and elsewhere the given form. */
  output(elsewhere: OutputForm = 'json'): this {
    const isTerminal = this.context.stdout.isTTY === true
    const note = elsewhere === 'table' ? 'table' : `table on a terminal, ${elsewhere} elsewhere`
    return this.addOption(
      new Option('--output <form>', 'format of the result')
        .choices(outputForms)
        .default(isTerminal ? 'table' : elsewhere, note),
    ).option('--wide', 'all columns of the table, not shortened to the width of the terminal')
  }

  examples(...lines: readonly string[]): this {
    return this.addHelpText('after', examplesText(lines))
  }

  /** Does the work with the arguments of the command, and prints its result if it has one. */
  run<F extends Flags & OutputFlags>(
    work: (call: Call<F>, ...names: readonly string[]) => unknown,
    { next, done, ...view }: View = {},
  ): this {
    return this.action(async (...parameters: unknown[]) => {
      const names = parameters.slice(0, -2) as string[]
      const flags = parameters.at(-2) as F
      const value = await work({ config: configOf(this.context, flags), flags }, ...names)
      if (value !== undefined) printResult(this.context, flags, { value, ...view })
      else if (done !== undefined) printDone(this.context, done(...names))
      if (next !== undefined) nextSteps(this.context, next(...names))
    })
  }
}

/** A subcommand that works on the stored data. */
export function storageCommand(group: SignetCommand, name: string): SignetCommand {
  return group.command(name).settings()
}

/** A subcommand with the account that it is about; the default is the oldest account. */
export function ofAccount(group: SignetCommand, name: string): SignetCommand {
  const description = 'account it belongs to (default: the oldest)'
  return storageCommand(group, name).option('--account <id>', description, accountId)
}

/** The subcommand `list`, of all accounts or of one. */
export function listOf(group: SignetCommand): SignetCommand {
  const description = 'only those of this account'
  return storageCommand(group, 'list').option('--account <id>', description, accountId)
}

export function withTags(command: SignetCommand): SignetCommand {
  const description = 'tag, for aws:PrincipalTag; several times for several'
  return command.option('--tag <key=value>', description, severalOf)
}

/** Examples for the end of a help text. */
export function examplesText(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`
}
