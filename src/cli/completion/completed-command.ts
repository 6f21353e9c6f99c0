/** The commands as shells complete them: subcommands, flags and enumerated values, read from the commands themselves. */
import type { Command } from 'commander'

export interface CompletedCommand {
  /** Words of the command: `bucket create`; empty for signet itself. */
  readonly path: string
  readonly subcommands: readonly { readonly name: string; readonly description: string }[]
  readonly flags: readonly CompletedFlag[]
  /** Values of its first argument, if they are enumerated. */
  readonly words: readonly string[]
}

export interface CompletedFlag {
  /** `--output`. */
  readonly flag: string
  /** The first sentence of its description. */
  readonly description: string
  /** Whether a value follows. */
  readonly takesValue: boolean
  /** Enumerated values; shells offer files if there are none. */
  readonly choices: readonly string[]
}

/** A command and all commands below it. */
export function completedCommands(
  command: Command,
  above: readonly string[] = [],
): CompletedCommand[] {
  const entry: CompletedCommand = {
    path: above.join(' '),
    subcommands: command.commands.map((sub) => ({
      name: sub.name(),
      description: oneLine(sub.description()),
    })),
    flags: [
      ...command.options.flatMap(({ long, description, required, optional, argChoices }) =>
        typeof long === 'string'
          ? [
              {
                flag: long,
                description: oneLine(description),
                takesValue: required || optional,
                choices: argChoices ?? [],
              },
            ]
          : [],
      ),
      { flag: '--help', description: 'display help for command', takesValue: false, choices: [] },
    ],
    words: command.registeredArguments[0]?.argChoices ?? [],
  }
  return [
    entry,
    ...command.commands.flatMap((sub) => completedCommands(sub, [...above, sub.name()])),
  ]
}

/** A description without its notes, and without characters that a shell would interpret. */
function oneLine(text: string): string {
  return (text.split(/ [([]|;|:/)[0] ?? '').replaceAll(/[^\p{L}\p{N} ,.\-…/]/gu, '')
}

/** The paths of the commands below `signet`, each in quotes. */
export function quotedPaths(commands: readonly CompletedCommand[]): string[] {
  return commands.flatMap(({ path }) => (path === '' ? [] : [`'${path}'`]))
}
