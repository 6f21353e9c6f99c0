/** `signet account …` and `signet access-key …`. */
import { Command } from 'commander'
import {
  addAccessKey,
  listAccessKeysOf,
  removeAccessKey,
  switchAccessKey,
} from '../admin-commands/access-keys.ts'
import { addAccount, listAllAccounts, moveAccount } from '../admin-commands/accounts.ts'
import type { Config, Flags } from '../settings/config.ts'
import { ConfigurationError } from '../errors.ts'
import { readPolicyFile } from './policy-file.ts'
import { printAnswer, withOutput, type OutputFlags, type Print } from './print.ts'
import {
  accountId,
  config,
  examples,
  listOf,
  onlyOne,
  storageSettings,
  withSettings,
} from './config-flags.ts'

type AccountFlags = Flags & OutputFlags & { readonly organization?: string | false }

/** `signet account …`. */
export function accountCommand(print: Print): Command {
  const group = new Command('account').description('accounts that own certificate authorities')
  withOutput(withSettings(group.command('create'), storageSettings))
    .description('create an account')
    .argument('[account-id]', 'twelve digits', accountId)
    .option('--account <id>', 'the same, as a flag', accountId)
    .option('--organization <id>', 'organization that it is in: o-…')
    .addHelpText('after', examples('signet account create 210987654321'))
    .action(async (id: string | undefined, flags: AccountFlags) => {
      const given = onlyOne('account id', id, flags.account)
      const organization = flags.organization || undefined
      printAnswer(print, flags, await addAccount(config(flags), given, organization))
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
      return moveAccount(config(flags), id, flags.organization || undefined)
    })
  withOutput(withSettings(group.command('list'), storageSettings))
    .description('list accounts')
    .addHelpText('after', examples('signet account list --data /var/lib/signet'))
    .action(async (flags: AccountFlags) =>
      printAnswer(print, flags, await listAllAccounts(config(flags))),
    )
  return group.helpCommand(false)
}

type AccessKeyFlags = Flags &
  OutputFlags & {
    readonly user?: string
    readonly servicePrincipal?: string
    readonly sourceAccount?: string
    readonly sourceArn?: string
    readonly policy?: string
  }

/** `signet access-key …`. */
export function accessKeyCommand(print: Print): Command {
  const group = new Command('access-key').description('access keys that requests are signed with')
  addKeyCreation(group, print)
  withOutput(listOf(group))
    .description('list access keys with their last use, without their secrets')
    .addHelpText('after', examples('signet access-key list --account 123456789012 --output table'))
    .action(async (flags: AccessKeyFlags) =>
      printAnswer(print, flags, await listAccessKeysOf(config(flags), flags.account)),
    )
  addKeyChange(group, {
    name: 'disable',
    description: 'refuse requests signed with an access key, from now on',
    change: (settings, id) => switchAccessKey(settings, id, false),
  })
  addKeyChange(group, {
    name: 'enable',
    description: 'accept requests signed with an access key that was disabled',
    change: (settings, id) => switchAccessKey(settings, id, true),
  })
  addKeyChange(group, {
    name: 'delete',
    description: 'delete an access key',
    change: removeAccessKey,
  })
  return group.helpCommand(false)
}

function addKeyCreation(group: Command, print: Print): void {
  withOutput(withSettings(group.command('create'), storageSettings))
    .description('create an access key and print it; its secret is shown this once')
    .option('--account <id>', 'account it belongs to (default: the oldest)', accountId)
    .option('--user <name>', 'user it is for, as in its ARN; made if there is none')
    .option('--policy <file>', 'JSON identity policy of the key, beside those of its user')
    .option('--service-principal <name>', 'service it is for, instead of a user: acm.amazonaws.com')
    .option('--source-account <id>', 'account that the service acts for', accountId)
    .option('--source-arn <arn>', 'resource that the service acts for')
    .addHelpText(
      'after',
      examples(
        'signet access-key create --account 123456789012 --user issuer --policy issuer-policy.json',
        'signet access-key create --service-principal acm.amazonaws.com --source-account 123456789012',
      ),
    )
    .action(async (flags: AccessKeyFlags) => {
      const { user, servicePrincipal, sourceAccount, sourceArn } = flags
      if (sourceAccount !== undefined && servicePrincipal === undefined)
        throw new ConfigurationError('--source-account goes with --service-principal')
      const policy = await readPolicyFile('--policy', flags.policy, 'identity')
      const key = await addAccessKey(config(flags), {
        accountId: sourceAccount ?? flags.account,
        userName: user,
        servicePrincipal,
        sourceArn,
        policy,
      })
      printAnswer(print, flags, key)
    })
}

interface KeyChange {
  readonly name: string
  readonly description: string
  readonly change: (config: Config, accessKeyId: string) => Promise<void>
}

function addKeyChange(group: Command, { name, description, change }: KeyChange): void {
  withSettings(group.command(name), storageSettings)
    .description(description)
    .argument('[access-key-id]')
    .option('--access-key-id <id>', 'the same, as a flag')
    .addHelpText('after', examples(`signet access-key ${name} AKIAIOSFODNN7EXAMPLE`))
    .action((id: string | undefined, flags: Flags & { readonly accessKeyId?: string }) =>
      change(config(flags), onlyOne('access key id', id, flags.accessKeyId)),
    )
}
