/** `signet completion`: what a shell has to know to complete commands, flags and values, from the commands themselves. */
import { Argument, Command } from 'commander'
import { bashScript } from './bash.ts'
import { fishScript } from './fish.ts'
import { zshScript } from './zsh.ts'
import type { Print } from '../print.ts'
import { examples } from '../config-flags.ts'

/** One command, as completion sees it. */
export interface CompletedCommand {
  /** Words that lead to it: `bucket create`; empty for signet itself. */
  readonly path: string
  readonly subcommands: readonly { readonly name: string; readonly description: string }[]
  readonly flags: readonly CompletedFlag[]
  /** What its first argument may be, if that is one of a few words. */
  readonly words: readonly string[]
}

export interface CompletedFlag {
  /** `--output`. */
  readonly flag: string
  /** The first sentence of it. */
  readonly description: string
  /** Whether a value follows. */
  readonly takesValue: boolean
  /** Values that it may have, if they are few; otherwise files are offered. */
  readonly choices: readonly string[]
}

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript }

/** `signet completion bash|zsh|fish`, for all commands of `program`. */
export function completionCommand(print: Print, program: Command): Command {
  const shells = Object.keys(scripts)
  return new Command('completion')
    .exitOverride()
    .description('print a script that makes a shell complete signet commands')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText(
      'after',
      examples(
        'source <(signet completion bash)',
        'signet completion zsh > "${fpath[1]}/_signet"',
        'signet completion fish > ~/.config/fish/completions/signet.fish',
      ),
    )
    .action((shell: keyof typeof scripts) =>
      print(scripts[shell](completedCommands(program)).trimEnd()),
    )
}

/** The program and everything below it. */
function completedCommands(command: Command, above: readonly string[] = []): CompletedCommand[] {
  const own: CompletedCommand = {
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
  return [own, ...command.commands.flatMap((sub) => completedCommands(sub, [...above, sub.name()]))]
}

/** Up to its notes in brackets, without what a shell would read. */
function oneLine(text: string): string {
  return (text.split(/ [([]|;|:/)[0] ?? '').replaceAll(/[^\p{L}\p{N} ,.\-…/]/gu, '')
}
