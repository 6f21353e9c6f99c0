import type { Command } from 'commander'
import { withConnection } from '../../client-commands/connection.ts'
import { readStatistics } from '../../client-commands/status/statistics.ts'
import { wholeNumber } from '../shared/config-flags.ts'
import {
  connectionOf,
  withConnectionFlags,
  type ConnectionFlags,
} from '../shared/connection-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { printResult, type OutputFlags } from '../shared/print.ts'
import { SignetCommand } from '../shared/signet-command.ts'
import { paragraphsText } from '../shared/style.ts'

interface StatisticsFlags extends ConnectionFlags, OutputFlags {
  readonly days?: number
  readonly weeks?: number
}

export function statisticsCommand(context: CommandContext): Command {
  return withConnectionFlags(new SignetCommand(context, 'statistics'))
    .output('table')
    .description('Count CAs by status, and issued, revoked and expiring certificates')
    .option(
      '--days <number>',
      'number of past days for which issued and revoked certificates are counted (default: 30)',
      wholeNumber,
    )
    .option(
      '--weeks <number>',
      'number of coming weeks for which expiring certificates are counted (default: 13)',
      wholeNumber,
    )
    .examples('signet statistics', 'signet statistics --days 7 --output json')
    .action(async (flags: StatisticsFlags) => {
      const { days, weeks } = flags
      const { members, paragraphs } = await withConnection(
        connectionOf(flags, context.environment),
        ({ client }) => readStatistics(client, { days, weeks }),
      )
      printResult(context, flags, {
        value: members,
        text: () => paragraphsText(context.stdout, paragraphs),
      })
    })
}
