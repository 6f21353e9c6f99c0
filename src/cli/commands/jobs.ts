import type { Command } from 'commander'
import { listJobs } from '../../admin-commands/jobs.ts'
import { withConnection } from '../../client-commands/connection.ts'
import { listServerJobs } from '../../client-commands/server-information.ts'
import type { Flags } from '../../settings/config.ts'
import { configOf } from '../shared/config-flags.ts'
import {
  connectionOf,
  usesApi,
  withApiFlags,
  type ConnectionFlags,
} from '../shared/connection-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { printResult, type OutputFlags } from '../shared/print.ts'
import { SignetCommand, storageCommand } from '../shared/signet-command.ts'
import type { Column } from '../shared/table.ts'

interface LastRun {
  readonly FinishedAt: string
  readonly Done: number
  readonly Failed: number
  readonly Error?: string
}

const columns: readonly Column[] = [
  { key: 'Name', header: 'JOB', shrink: 'never' },
  { key: 'Due' },
  { key: 'Failing' },
  { key: 'Running' },
  { key: 'LastRun', header: 'LAST RUN', text: ({ LastRun: run }) => lastRunText(run) },
]

function lastRunText(run: unknown): string {
  if (run === undefined) return ''
  const { FinishedAt, Done, Failed, Error: error } = run as LastRun
  const outcome = error ?? `${Done} done${Failed === 0 ? '' : `, ${Failed} failed`}`
  return `${FinishedAt.slice(0, 19).replace('T', ' ')}Z  ${outcome}`
}

export function jobsCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'jobs')
  group.description('Show background jobs')
  withApiFlags(storageCommand(group, 'list'))
    .output()
    .description('List jobs with their queues, failures and last runs')
    .examples('signet jobs list', 'signet jobs list --profile operator')
    .action(async (flags: Flags & ConnectionFlags & OutputFlags) => {
      const value = usesApi(flags)
        ? await withConnection(connectionOf(flags, context.environment), ({ client }) =>
            listServerJobs(client),
          )
        : await listJobs(configOf(context, flags))
      printResult(context, flags, { value, columns })
    })
  return group
}
