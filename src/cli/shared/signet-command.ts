/** The base class of all commands, which handles settings as flags, output formats, examples, and printing of the result. */
import { isIP } from 'node:net'
import { Command, Option, type ErrorOptions, type ParseOptionsResult } from 'commander'
import {
  accountId,
  configOf,
  hasFlag,
  optionOf,
  severalOf,
  storageSettings,
} from './config-flags.ts'
import type { Config, Flags, SettingName } from '../../settings/config.ts'
import { settingGroups } from '../../settings/setting-groups.ts'
import { printDone } from '../../terminal.ts'
import type { CommandContext } from './context.ts'
import { synonymOf } from './flag-synonyms.ts'
import { examplesText } from './help-layout.ts'
import { quoteArgument } from './same-flags.ts'
import {
  nextSteps,
  outputForms,
  printResult,
  type OutputFlags,
  type OutputForm,
  type Result,
} from './print.ts'

/** The input for running a command that works on the stored data. */
export interface Call<F = Flags> {
  readonly config: Config
  readonly flags: F
}

/** The presentation of a command's result. */
export interface View extends Pick<Result, 'columns' | 'empty'> {
  /** Returns the part of the result to show in tables and CSV; by default, the entire result. */
  readonly summary?: (value: unknown) => readonly object[]
  /** Suggested next commands, printed on a terminal. */
  readonly next?: (...names: readonly string[]) => readonly string[]
  /** Confirmation sentence for a command without a result, printed on a terminal. */
  readonly done?: (...names: readonly string[]) => string
}

export class SignetCommand extends Command {
  readonly context: CommandContext

  constructor(context: CommandContext, name?: string) {
    super(name)
    this.context = context
    this.exitOverride().helpCommand(false)
  }

  /** An unknown flag is reported before Commander reports missing required flags, because a typo causes both errors. */
  override parseOptions(argv: string[]): ParseOptionsResult {
    const parsed = super.parseOptions(argv)
    const [flag] = parsed.unknown
    const isHelp = parsed.unknown.some((argument) => argument === '--help' || argument === '-h')
    if (this.commands.length > 0 || flag?.startsWith('-') !== true || isHelp) return parsed
    const known = this.options.map(({ long }) => long)
    const synonym = synonymOf(known, parsed.unknown)
    if (synonym !== undefined)
      super.error(`error: unknown option '${flag}'\n(Did you mean ${synonym}?)`)
    ;(this as unknown as { unknownOption(flag: string): void }).unknownOption(flag)
    return parsed
  }

  /** Suggests the flag for an argument that should be a flag's value, such as a host name after `signet issue`. */
  override error(message: string, options?: ErrorOptions): never {
    if (options?.code !== 'commander.excessArguments') return super.error(message, options)
    const surplus = this.args.slice(this.registeredArguments.length)
    const list = surplus.map((argument) => `'${argument}'`).join(', ')
    const flags = surplus.map((argument) => {
      if (!/^[!-~]+$/.test(argument)) return undefined
      const flag = this.options.find(
        ({ long }) => long === (isIP(argument) === 0 ? '--name' : '--ip'),
      )
      return flag && `${flag.long} ${quoteArgument(argument)}`
    })
    const hint = flags.includes(undefined) ? '' : `\n(Did you mean ${flags.join(' ')}?)`
    return super.error(
      `error: unexpected argument${surplus.length === 1 ? '' : 's'} ${list} for '${this.name()}'${hint}`,
      options,
    )
  }

  override createCommand(name?: string): SignetCommand {
    return new SignetCommand(this.context, name)
  }

  /**
   * Adds a flag for each of the given settings. The flag values are validated by readConfig, which reports all errors together.
   */
  settings(names: readonly SettingName[] = storageSettings): this {
    for (const name of names) this.addOption(optionOf(name))
    return this
  }

  /** Adds a flag for every setting. Unknown flags are reported by readConfig, together with all other errors. */
  everySetting(): this {
    for (const [group, names] of Object.entries(settingGroups))
      for (const name of names.filter(hasFlag))
        this.addOption(optionOf(name).helpGroup(`${group}:`))
    return this.allowUnknownOption().allowExcessArguments()
  }

  /**
   * Adds the flags `--output` and `--wide`. The default output format is a table on a terminal; otherwise, it is the format in
   * the argument `elsewhere`.
   */
  output(elsewhere: OutputForm = 'json'): this {
    const isTerminal = this.context.stdout.isTTY === true
    const note = elsewhere === 'table' ? 'table' : `table on a terminal, ${elsewhere} elsewhere`
    return this.addOption(
      new Option('--output <form>', 'output format')
        .choices(outputForms)
        .default(isTerminal ? 'table' : elsewhere, note),
    ).option('--wide', 'show all columns, without truncating them to the terminal width')
  }

  examples(...lines: readonly string[]): this {
    return this.addHelpText('after', examplesText(lines))
  }

  /** Sets the command's action, which runs `work` with the command's arguments and prints the result, if any. */
  run<F extends Flags & OutputFlags>(
    work: (call: Call<F>, ...names: readonly string[]) => unknown,
    { next, done, summary, ...view }: View = {},
  ): this {
    return this.action(async (...parameters: unknown[]) => {
      const names = parameters.slice(0, -2) as string[]
      const flags = parameters.at(-2) as F
      const value = await work({ config: configOf(this.context, flags), flags }, ...names)
      const rows = summary?.(value)
      if (value !== undefined)
        printResult(this.context, flags, { value, ...view, ...(rows && { rows }) })
      else if (done !== undefined) printDone(this.context, done(...names))
      if (next !== undefined) nextSteps(this.context, next(...names), flags)
    })
  }
}

/** Adds a subcommand that works on the stored data. */
export function storageCommand(group: SignetCommand, name: string): SignetCommand {
  return group.command(name).settings()
}

/** Adds a subcommand with the flag `--account`, which defaults to the oldest account. */
export function ofAccount(group: SignetCommand, name: string): SignetCommand {
  const description = 'account of the principal (default: the oldest account)'
  return storageCommand(group, name).option('--account <id>', description, accountId)
}

/** Adds the subcommand `list`, for either all accounts or a single account. */
export function listOf(group: SignetCommand): SignetCommand {
  const description = 'account to list (default: all accounts)'
  return storageCommand(group, 'list').option('--account <id>', description, accountId)
}

export function withTags(command: SignetCommand): SignetCommand {
  const description = 'tag for aws:PrincipalTag conditions; repeatable'
  return command.option('--tag <key=value>', description, severalOf)
}
