import type { Command } from 'commander'
import { listJobs } from '../../admin-commands/jobs.ts'
import type { CommandContext } from '../shared/context.ts'
import { SignetCommand, storageCommand } from '../shared/signet-command.ts'

export function jobsCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'jobs')
  group.description('Show background jobs')
  storageCommand(group, 'list')
    .output()
    .description('List jobs with their queue, their failures and their last run')
    .examples('signet jobs list')
    .run(({ config }) => listJobs(config))
  return group
}
