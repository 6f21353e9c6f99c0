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
  group.description('accounts that own certificate authorities')
  storageCommand(group, 'create')
    .output()
    .description('create an account')
    .argument('[account-id]', 'twelve digits', accountId)
    .option('--account <id>', 'the same, as a flag', accountId)
    .option('--organization <id>', 'organization that it is in: o-…')
    .examples('signet account create 210987654321')
    .run(({ config, flags }: Call<AccountFlags>, id?: string) =>
      addAccount(config, onlyOne('account id', id, flags.account), flags.organization || undefined),
    )
  storageCommand(group, 'update')
    .description('move an account into an organization, or out of any')
    .argument('<account-id>', 'twelve digits', accountId)
    .option('--organization <id>', 'organization that it is in from now on: o-…')
    .option('--no-organization', 'it is in none')
    .examples('signet account update 210987654321 --organization o-exampleorgid')
    .action((id: string, flags: AccountFlags, command: Command) => {
      if (command.getOptionValueSource('organization') !== 'cli')
        throw new ConfigurationError('name an --organization, or --no-organization')
      return moveAccount(configOf(context, flags), id, flags.organization || undefined)
    })
  storageCommand(group, 'list')
    .output()
    .description('list accounts')
    .examples('signet account list --data /var/lib/signet')
    .run(({ config }) => listAllAccounts(config))
  return group
}
