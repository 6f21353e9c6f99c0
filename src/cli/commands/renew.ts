import type { Command } from 'commander'
import { withConnection } from '../../client-commands/connection.ts'
import { renewAll, type Renewal } from '../../client-commands/renew.ts'
import { parseSpan } from '../../client-commands/issuance-options.ts'
import { systemClock } from '../../clock.ts'
import { instantWords } from '../../inspect/value-texts.ts'
import type { CommandContext } from '../shared/context.ts'
import { SignetCommand } from '../shared/signet-command.ts'
import {
  connectionOf,
  withConnectionFlags,
  type ConnectionFlags,
} from '../shared/connection-flags.ts'
import { printAnswer, tableOf, type OutputFlags } from '../shared/print.ts'
import { progressTo } from '../../terminal.ts'

type RenewFlags = ConnectionFlags &
  OutputFlags & {
    readonly ifExpiringWithin?: string
    readonly validity?: string
    readonly hook?: string
  }

export function renewCommand(context: CommandContext): Command {
  return withConnectionFlags(new SignetCommand(context, 'renew'))
    .output(['table', 'json'])
    .description('replace the certificates and keys in folders of signet issue by new ones')
    .argument('<dir...>', 'folders that signet issue has written')
    .option('--if-expiring-within <duration>', 'only those that expire within it, such as 7d')
    .option('--validity <time>', 'how long the new ones are valid (default: as before)')
    .option(
      '--hook <command>',
      'run after each renewal; words are separated by spaces, and no shell reads them',
    )
    .examples(
      'signet renew tls',
      "signet renew /etc/tls/* --if-expiring-within 7d --hook 'systemctl reload nginx'",
    )
    .action(async (folders: string[], flags: RenewFlags) => {
      const { ifExpiringWithin: span, validity, hook = '' } = flags
      const { environment } = context
      const renewals = await renewAll(
        folders,
        {
          expiringWithin: span === undefined ? undefined : parseSpan(span),
          validity,
          hook: hook.split(' ').filter((word) => word !== ''),
          environment,
        },
        {
          connect: (metadata, work) =>
            withConnection(connectionOf(flags, environment, metadata), work),
          now: systemClock.now(),
          progress: progressTo(context.stderr),
        },
      )
      if (flags.output === 'json') printAnswer(context, flags, { renewals })
      else context.print(tableOf(renewals.map(renewalRow), true))
      const failed = renewals.filter(({ result }) => result === 'failed').length
      if (failed > 0) throw new Error(`${failed} of ${renewals.length} could not be renewed`)
    })
}

function renewalRow({ folder, result, notAfter, problem }: Renewal): object {
  return {
    Folder: folder,
    Result: result,
    'Valid until': notAfter === null ? '' : instantWords(notAfter),
    ...(problem !== undefined && { Problem: problem }),
  }
}
