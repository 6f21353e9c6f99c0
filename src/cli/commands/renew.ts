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
import { pascalCaseKeys, printResult, type OutputFlags } from '../shared/print.ts'
import { tableText, type Row } from '../shared/table.ts'
import { progressTo } from '../../terminal.ts'

type RenewFlags = ConnectionFlags &
  OutputFlags & {
    readonly ifExpiringWithin?: string
    readonly validity?: string
    readonly hook?: string
  }

export function renewCommand(context: CommandContext): Command {
  return withConnectionFlags(new SignetCommand(context, 'renew'))
    .output('table')
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
      const rows = pascalCaseKeys(renewals) as object[]
      printResult(context, flags, {
        value: { Renewals: rows },
        rows,
        text: () =>
          tableText(context.stdout, renewals.map(renewalRow), { wide: flags.wide === true }),
      })
      const failed = renewals.filter(({ result }) => result === 'failed').length
      if (failed > 0) throw new Error(`${failed} of ${renewals.length} could not be renewed`)
    })
}

function renewalRow({ folder, result, notAfter, problem }: Renewal): Row {
  return {
    Folder: folder,
    Result: result,
    'Valid until': notAfter === null ? '' : instantWords(notAfter),
    ...(problem !== undefined && { Problem: problem }),
  }
}
