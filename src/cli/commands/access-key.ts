import type { Command } from 'commander'
import {
  addAccessKey,
  listAccessKeysOf,
  removeAccessKey,
  switchAccessKey,
} from '../../admin-commands/access-keys.ts'
import type { Config, Flags } from '../../settings/config.ts'
import { ConfigurationError } from '../../errors.ts'
import { accountId, onlyOne } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { readPolicyFile } from '../shared/policy-file.ts'
import { listOf, SignetCommand, storageCommand, type Call } from '../shared/signet-command.ts'

type AccessKeyFlags = Flags & {
  readonly user?: string
  readonly servicePrincipal?: string
  readonly sourceAccount?: string
  readonly sourceArn?: string
  readonly policy?: string
}

export function accessKeyCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'access-key')
  group.description('access keys that requests are signed with')
  addKeyCreation(group)
  listOf(group)
    .output()
    .description('list access keys with their last use, without their secrets')
    .examples('signet access-key list --account 123456789012 --output table')
    .run(({ config, flags }) => listAccessKeysOf(config, flags.account))
  addKeyChange(group, 'disable', {
    description: 'refuse requests signed with an access key, from now on',
    change: (config, id) => switchAccessKey(config, id, false),
  })
  addKeyChange(group, 'enable', {
    description: 'accept requests signed with an access key that was disabled',
    change: (config, id) => switchAccessKey(config, id, true),
  })
  addKeyChange(group, 'delete', { description: 'delete an access key', change: removeAccessKey })
  return group
}

function addKeyCreation(group: SignetCommand): void {
  storageCommand(group, 'create')
    .output()
    .description('create an access key and print it; its secret is shown this once')
    .option('--account <id>', 'account it belongs to (default: the oldest)', accountId)
    .option('--user <name>', 'user it is for, as in its ARN; made if there is none')
    .option('--policy <file>', 'JSON identity policy of the key, beside those of its user')
    .option('--service-principal <name>', 'service it is for, instead of a user: acm.amazonaws.com')
    .option('--source-account <id>', 'account that the service acts for', accountId)
    .option('--source-arn <arn>', 'resource that the service acts for')
    .examples(
      'signet access-key create --account 123456789012 --user issuer --policy issuer-policy.json',
      'signet access-key create --service-principal acm.amazonaws.com --source-account 123456789012',
    )
    .run(async ({ config, flags }: Call<AccessKeyFlags>) => {
      const { user: userName, servicePrincipal, sourceAccount, sourceArn } = flags
      if (sourceAccount !== undefined && servicePrincipal === undefined)
        throw new ConfigurationError('--source-account goes with --service-principal')
      const policy = await readPolicyFile(group.context, flags.policy)
      const ownerAccount = sourceAccount ?? flags.account
      const options = { accountId: ownerAccount, userName, servicePrincipal, sourceArn, policy }
      return addAccessKey(config, options)
    })
}

interface KeyChange {
  readonly description: string
  readonly change: (config: Config, accessKeyId: string) => Promise<void>
}

function addKeyChange(
  group: SignetCommand,
  name: string,
  { description, change }: KeyChange,
): void {
  storageCommand(group, name)
    .description(description)
    .argument('[access-key-id]')
    .option('--access-key-id <id>', 'the same, as a flag')
    .examples(`signet access-key ${name} AKIAIOSFODNN7EXAMPLE`)
    .run(({ config, flags }: Call<Flags & { readonly accessKeyId?: string }>, id?: string) =>
      change(config, onlyOne('access key id', id, flags.accessKeyId)),
    )
}
