/** `signet account …`. */
import { Command } from 'commander'
import { addAccount, listAllAccounts, moveAccount } from '../../admin-commands/accounts.ts'
import { ConfigurationError } from '../../errors.ts'
import type { Flags } from '../../settings/config.ts'
import type { CommandContext } from '../shared/context.ts'
import {
  accountId,
  configOf,
  examples,
  onlyOne,
  storageSettings,
  withSettings,
} from '../shared/config-flags.ts'
import { printAnswer, withOutput, type OutputFlags } from '../shared/print.ts'

type AccountFlags = Flags & OutputFlags & { readonly organization?: string | false }

export function accountCommand(context: CommandContext): Command {
  const group = new Command('account').description('accounts that own certificate authorities')
  withOutput(withSettings(group.command('create'), storageSettings))
    .description('create an account')
    .argument('[account-id]', 'twelve digits', accountId)
    .option('--account <id>', 'the same, as a flag', accountId)
    .option('--organization <id>', 'organization that it is in: o-…')
    .addHelpText('after', examples('signet account create 210987654321'))
    .action(async (id: string | undefined, flags: AccountFlags) => {
      const newId = onlyOne('account id', id, flags.account)
      const organization = flags.organization || undefined
      printAnswer(context, flags, await addAccount(configOf(context, flags), newId, organization))
    })
  withSettings(group.command('update'), storageSettings)
    .description('move an account into an organization, or out of any')
    .argument('<account-id>', 'twelve digits', accountId)
    .option('--organization <id>', 'organization that it is in from now on: o-…')
    .option('--no-organization', 'it is in none')
    .addHelpText(
      'after',
      examples('signet account update 210987654321 --organization o-exampleorgid'),
    )
    .action((id: string, flags: AccountFlags, command: Command) => {
      if (command.getOptionValueSource('organization') !== 'cli')
        throw new ConfigurationError('name an --organization, or --no-organization')
      return moveAccount(configOf(context, flags), id, flags.organization || undefined)
    })
  withOutput(withSettings(group.command('list'), storageSettings))
    .description('list accounts')
    .addHelpText('after', examples('signet account list --data /var/lib/signet'))
    .action(async (flags: AccountFlags) =>
      printAnswer(context, flags, await listAllAccounts(configOf(context, flags))),
    )
  return group.helpCommand(false)
}
