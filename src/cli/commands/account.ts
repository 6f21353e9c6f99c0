import type { Command } from 'commander'
import { addAccount, listAllAccounts, moveAccount } from '../../admin-commands/accounts.ts'
import { ConfigurationError } from '../../errors.ts'
import type { Flags } from '../../settings/config.ts'
import { accountId, configOf, onlyOne } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { SignetCommand, storageCommand, type Call } from '../shared/signet-command.ts'

type AccountFlags = Flags & { readonly organization?: string | false }

export function accountCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'account')
  group.description('Manage accounts')
  storageCommand(group, 'create')
    .output()
    .description('Create an account')
    .argument('[account-id]', 'twelve-digit account ID', accountId)
    .option('--account <id>', 'account ID, as an alternative to the argument', accountId)
    .option('--organization <id>', 'organization ID of the account (o-…)')
    .examples('signet account create 210987654321')
    .run(({ config, flags }: Call<AccountFlags>, id?: string) =>
      addAccount(config, onlyOne('account ID', id, flags.account), flags.organization || undefined),
    )
  storageCommand(group, 'update')
    .description('Add an account to an organization, or remove it from its organization')
    .argument('<account-id>', 'twelve-digit account ID', accountId)
    .option('--organization <id>', 'new organization (o-…)')
    .option('--no-organization', 'remove the account from its organization')
    .examples('signet account update 210987654321 --organization o-exampleorgid')
    .action((id: string, flags: AccountFlags, command: Command) => {
      if (command.getOptionValueSource('organization') !== 'cli')
        throw new ConfigurationError('--organization or --no-organization is required')
      return moveAccount(configOf(context, flags), id, flags.organization || undefined)
    })
  storageCommand(group, 'list')
    .output()
    .description('List accounts')
    .examples('signet account list --data /var/lib/signet')
    .run(({ config }) => listAllAccounts(config))
  return group
}
