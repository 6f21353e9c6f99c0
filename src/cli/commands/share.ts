import type { Command } from 'commander'
import { addShare, listAllShares, removeShare } from '../../admin-commands/shares.ts'
import type { Flags } from '../../settings/config.ts'
import { severalOf } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { listOf, SignetCommand, storageCommand, type Call } from '../shared/signet-command.ts'

type ShareFlags = Flags & {
  readonly authority?: readonly string[]
  readonly principal?: readonly string[]
  readonly permission: string
}

export function shareCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'share')
  group.description('Share CAs with other accounts, as with AWS RAM')
  storageCommand(group, 'create')
    .output()
    .description('Share CAs with accounts or organizations')
    .argument('<name>')
    .option('--authority <arn>', 'CA to share; repeatable', severalOf)
    .option(
      '--principal <id>',
      'account or organization that receives the share; repeatable',
      severalOf,
    )
    .option(
      '--permission <name>',
      'AWS RAM managed permission',
      'AWSRAMDefaultPermissionCertificateAuthority',
    )
    .examples(
      'signet share create web --authority arn:aws:acm-pca:… --principal 210987654321',
      'signet share create all --authority arn:aws:acm-pca:… --principal o-exampleorgid --permission AWSRAMRevokeCertificateCertificateAuthority',
    )
    .run(({ config, flags }: Call<ShareFlags>, name: string) => {
      const { authority: authorities = [], principal: principals = [], permission } = flags
      return addShare(config, { name, authorities, principals, permission })
    })
  listOf(group)
    .output()
    .description('List shares')
    .examples('signet share list')
    .run(({ config, flags }) => listAllShares(config, flags.account))
  storageCommand(group, 'delete')
    .description('Delete a share. Issued certificates stay valid')
    .argument('<share-id>')
    .examples('signet share delete 4dc4c8b2-0000-4000-8000-000000000001')
    .run(({ config }, id: string) => removeShare(config, id), {
      done: (id) => `Deleted share ${id}.`,
    })
  return group
}
