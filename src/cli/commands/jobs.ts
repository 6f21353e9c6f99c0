/** `signet jobs …`. */
import { Command } from 'commander'
import { listJobs } from '../../admin-commands/jobs.ts'
import type { Flags } from '../../settings/config.ts'
import type { CommandContext } from '../shared/context.ts'
import { configOf, examples, storageSettings, withSettings } from '../shared/config-flags.ts'
import { printAnswer, withOutput, type OutputFlags } from '../shared/print.ts'

export function jobsCommand(context: CommandContext): Command {
  const group = new Command('jobs').description('what the server does in the background')
  withOutput(withSettings(group.command('list'), storageSettings))
    .description('list jobs: what waits, what fails, and what their last run came to')
    .addHelpText('after', examples('signet jobs list'))
    .action(async (flags: Flags & OutputFlags) =>
      printAnswer(context, flags, await listJobs(configOf(context, flags))),
    )
  return group.helpCommand(false)
}
