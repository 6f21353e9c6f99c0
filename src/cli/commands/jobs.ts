import type { Command } from 'commander'
import { listJobs } from '../../admin-commands/jobs.ts'
import type { CommandContext } from '../shared/context.ts'
import { SignetCommand, storageCommand } from '../shared/signet-command.ts'

export function jobsCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'jobs')
  group.description('what the server does in the background')
  storageCommand(group, 'list')
    .output()
    .description('list jobs: what waits, what fails, and what their last run came to')
    .examples('signet jobs list')
    .run(({ config }) => listJobs(config))
  return group
}
