/** The data for completion scripts: each command's subcommands, flags and enumerated values. */
import type { Command } from 'commander'

export interface CompletedCommand {
  /** Command path, such as `bucket create`; empty for `signet` itself. */
  readonly path: string
  readonly subcommands: readonly { readonly name: string; readonly description: string }[]
  readonly flags: readonly CompletedFlag[]
  /** Enumerated values of the command's first argument; empty if there are none. */
  readonly words: readonly string[]
}

export interface CompletedFlag {
  /** Long form of the flag, such as `--output`. */
  readonly flag: string
  /** The first sentence of the flag's description. */
  readonly description: string
  /** Whether the flag takes a value. */
  readonly takesValue: boolean
  /** Enumerated values of the flag; if there are none, shells offer file names. */
  readonly choices: readonly string[]
}

/** Returns a command and all its subcommands, recursively. */
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

/** Returns a description without notes and without characters that a shell interprets. */
function oneLine(text: string): string {
  return (text.split(/ [([]|;|:/)[0] ?? '').replaceAll(/[^\p{L}\p{N} ,.\-…/]/gu, '')
}

/** Returns the quoted paths of all commands. */
export function quotedPaths(commands: readonly CompletedCommand[]): string[] {
  return commands.flatMap(({ path }) => (path === '' ? [] : [`'${path}'`]))
}
