/** `signet access-key …`. */
import { Command } from 'commander'
import {
  addAccessKey,
  listAccessKeysOf,
  removeAccessKey,
  switchAccessKey,
} from '../../admin-commands/access-keys.ts'
import type { Config, Flags } from '../../settings/config.ts'
import { ConfigurationError } from '../../errors.ts'
import type { CommandContext } from '../shared/context.ts'
import { readPolicyFile } from '../shared/policy-file.ts'
import { printAnswer, withOutput, type OutputFlags } from '../shared/print.ts'
import {
  accountId,
  configOf,
  examples,
  listOf,
  onlyOne,
  storageSettings,
  withSettings,
} from '../shared/config-flags.ts'

type AccessKeyFlags = Flags &
  OutputFlags & {
    readonly user?: string
    readonly servicePrincipal?: string
    readonly sourceAccount?: string
    readonly sourceArn?: string
    readonly policy?: string
  }

export function accessKeyCommand(context: CommandContext): Command {
  const group = new Command('access-key').description('access keys that requests are signed with')
  addKeyCreation(group, context)
  withOutput(listOf(group))
    .description('list access keys with their last use, without their secrets')
    .addHelpText('after', examples('signet access-key list --account 123456789012 --output table'))
    .action(async (flags: AccessKeyFlags) =>
      printAnswer(context, flags, await listAccessKeysOf(configOf(context, flags), flags.account)),
    )
  addKeyChange(group, context, {
    name: 'disable',
    description: 'refuse requests signed with an access key, from now on',
    change: (settings, id) => switchAccessKey(settings, id, false),
  })
  addKeyChange(group, context, {
    name: 'enable',
    description: 'accept requests signed with an access key that was disabled',
    change: (settings, id) => switchAccessKey(settings, id, true),
  })
  addKeyChange(group, context, {
    name: 'delete',
    description: 'delete an access key',
    change: removeAccessKey,
  })
  return group.helpCommand(false)
}

function addKeyCreation(group: Command, context: CommandContext): void {
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
      const policy = await readPolicyFile(context, flags.policy, {
        flag: '--policy',
        kind: 'identity',
      })
      const key = await addAccessKey(configOf(context, flags), {
        accountId: sourceAccount ?? flags.account,
        userName: user,
        servicePrincipal,
        sourceArn,
        policy,
      })
      printAnswer(context, flags, key)
    })
}

interface KeyChange {
  readonly name: string
  readonly description: string
  readonly change: (config: Config, accessKeyId: string) => Promise<void>
}

function addKeyChange(
  group: Command,
  context: CommandContext,
  { name, description, change }: KeyChange,
): void {
  withSettings(group.command(name), storageSettings)
    .description(description)
    .argument('[access-key-id]')
    .option('--access-key-id <id>', 'the same, as a flag')
    .addHelpText('after', examples(`signet access-key ${name} AKIAIOSFODNN7EXAMPLE`))
    .action((id: string | undefined, flags: Flags & { readonly accessKeyId?: string }) =>
      change(configOf(context, flags), onlyOne('access key id', id, flags.accessKeyId)),
    )
}
