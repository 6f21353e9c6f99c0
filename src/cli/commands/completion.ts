/** The command `signet completion`, which prints shell scripts for the completion of commands, flags and values. */
import { Argument, type Command } from 'commander'
import { bashScript } from '../completion/bash.ts'
import { completedCommands } from '../completion/completed-command.ts'
import { fishScript } from '../completion/fish.ts'
import { zshScript } from '../completion/zsh.ts'
import type { CommandContext } from '../shared/context.ts'
import { SignetCommand } from '../shared/signet-command.ts'

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript }

/** Creates the completion command, whose scripts complete all commands of `program`. */
export function completionCommand(context: CommandContext, program: Command): Command {
  return new SignetCommand(context, 'completion')
    .description('Print a completion script for a shell')
    .addArgument(new Argument('<shell>').choices(Object.keys(scripts)))
    .examples(
      'source <(signet completion bash)',
      'signet completion zsh > "${fpath[1]}/_signet"',
      'signet completion fish > ~/.config/fish/completions/signet.fish',
    )
    .action((shell: keyof typeof scripts) =>
      context.print(scripts[shell](completedCommands(program)).trimEnd()),
    )
}
