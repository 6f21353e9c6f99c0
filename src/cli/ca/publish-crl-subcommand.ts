/** The command `signet ca publish-crl`, which publishes a CA's CRLs now. */
import { findAuthority } from '../../client-commands/authorities.ts'
import { publishCrl, revocationLines } from '../../client-commands/authority/revocation-state.ts'
import { withConnection } from '../../client-commands/connection.ts'
import { seconds } from '../shared/config-flags.ts'
import { connectionOf, withConnectionFlags } from '../shared/connection-flags.ts'
import { printResult } from '../shared/print.ts'
import type { SignetCommand } from '../shared/signet-command.ts'
import { paragraphsText } from '../shared/style.ts'
import type { CaFlags } from './change-subcommands.ts'

export function publishCrlSubcommand(group: SignetCommand): void {
  const { context } = group
  withConnectionFlags(group.command('publish-crl'))
    .output('table')
    .description('Publish the CRLs of a CA immediately, and wait until they are published')
    .argument('<ca>', 'name, ID, ID prefix or ARN of the CA')
    .option('--wait <duration>', 'time limit for the publication', seconds, 60)
    .examples("signet ca publish-crl 'Example Issuing CA'")
    .action(async (reference: string, flags: CaFlags & { readonly wait: number }) => {
      const state = await withConnection(
        connectionOf(flags, context.environment),
        async ({ client }) => {
          const { arn } = await findAuthority(client, reference, ['ACTIVE', 'DISABLED'])
          return publishCrl(client, arn, flags.wait)
        },
      )
      printResult(context, flags, {
        value: state,
        rows: state.Crls,
        text: () =>
          paragraphsText(context.stdout, [{ title: undefined, lines: revocationLines(state) }]),
      })
    })
}
