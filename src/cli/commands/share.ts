/** `signet share …`. */
import { Command } from 'commander'
import { addShare, listAllShares, removeShare } from '../../admin-commands/shares.ts'
import type { Flags } from '../../settings/config.ts'
import type { CommandContext } from '../shared/context.ts'
import { printAnswer, withOutput, type OutputFlags } from '../shared/print.ts'
import {
  configOf,
  examples,
  listOf,
  severalOf,
  storageSettings,
  withSettings,
} from '../shared/config-flags.ts'

type ShareFlags = Flags &
  OutputFlags & {
    readonly authority?: readonly string[]
    readonly principal?: readonly string[]
    readonly permission: string
  }

export function shareCommand(context: CommandContext): Command {
  const group = new Command('share').description('CAs that other accounts may use, as AWS RAM does')
  withOutput(withSettings(group.command('create'), storageSettings))
    .description('share CAs of an account with others, or with an organization')
    .argument('<name>')
    .option('--authority <arn>', 'CA; several times for several', severalOf)
    .option(
      '--principal <id>',
      'account or organization it is shared with; several times for several',
      severalOf,
    )
    .option(
      '--permission <name>',
      'managed permission of AWS RAM',
      'AWSRAMDefaultPermissionCertificateAuthority',
    )
    .addHelpText(
      'after',
      examples(
        'signet share create web --authority arn:aws:acm-pca:… --principal 210987654321',
        'signet share create all --authority arn:aws:acm-pca:… --principal o-exampleorgid \\\n' +
          '    --permission AWSRAMRevokeCertificateCertificateAuthority',
      ),
    )
    .action(async (name: string, flags: ShareFlags) => {
      const { authority: authorities = [], principal: principals = [], permission } = flags
      const options = { name, authorities, principals, permission }
      printAnswer(context, flags, await addShare(configOf(context, flags), options))
    })
  withOutput(listOf(group))
    .description('list shares')
    .addHelpText('after', examples('signet share list --output table'))
    .action(async (flags: ShareFlags) =>
      printAnswer(context, flags, await listAllShares(configOf(context, flags), flags.account)),
    )
  withSettings(group.command('delete'), storageSettings)
    .description('delete a share; what was issued stays')
    .argument('<share-id>')
    .addHelpText('after', examples('signet share delete 4dc4c8b2-0000-4000-8000-000000000001'))
    .action((id: string, flags: ShareFlags) => removeShare(configOf(context, flags), id))
  return group.helpCommand(false)
}
