import type { Command } from 'commander'
import {
  addAccessKey,
  listAccessKeysOf,
  removeAccessKey,
  switchAccessKey,
} from '../../admin-commands/access-keys.ts'
import { listAccessKeys } from '../../client-commands/principals.ts'
import type { Config, Flags } from '../../settings/config.ts'
import { ConfigurationError } from '../../errors.ts'
import { printDone, printNote } from '../../terminal.ts'
import { asCalled } from '../shared/called-as.ts'
import { accountId, onlyOne } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { orApi, readFrom, type SourceFlags } from '../shared/data-or-api.ts'
import { readPolicyFile } from '../shared/policy-file.ts'
import { listOf, SignetCommand, storageCommand, type Call } from '../shared/signet-command.ts'
import { cellText, dayText, lastUseText, type Column } from '../shared/table.ts'

type AccessKeyFlags = Flags & {
  readonly user?: string
  readonly servicePrincipal?: string
  readonly sourceAccount?: string
  readonly sourceArn?: string
  readonly policy?: string
}

export function accessKeyCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'access-key')
  group.description('Manage access keys, which sign requests')
  addKeyCreation(group)
  addKeyList(group)
  addKeyChange(group, 'disable', {
    description: 'Disable an access key. The server then refuses requests signed with the key',
    change: (config, id) => switchAccessKey(config, id, false),
    done: 'Disabled access key',
  })
  addKeyChange(group, 'enable', {
    description: 'Enable a disabled access key',
    change: (config, id) => switchAccessKey(config, id, true),
    done: 'Enabled access key',
  })
  addKeyChange(group, 'delete', {
    description: 'Delete an access key',
    change: removeAccessKey,
    done: 'Deleted access key',
  })
  return group
}

/** On a terminal with 80 columns, the owner and the last use must be readable, because they are needed for key rotation. */
const listColumns: readonly Column[] = [
  { key: 'AccessKeyId', header: 'ACCESS KEY ID', shrink: 'never' },
  { key: 'AccountId', wide: true },
  {
    key: 'UserName',
    header: 'OWNER',
    text: ({ UserName, ServicePrincipal }) => cellText(UserName ?? ServicePrincipal),
  },
  { key: 'SourceArn', wide: true },
  { key: 'Status', shrink: 'never' },
  { key: 'CreateDate', header: 'CREATED', shrink: 'never', text: dayText('CreateDate') },
  { key: 'LastUsedDate', header: 'LAST USED', shrink: 'never', text: lastUseText },
  { key: 'HasPolicy', header: 'OWN POLICY', wide: true },
  { key: 'LastUsedRegion', wide: true },
  { key: 'LastUsedService', wide: true },
]

function addKeyList(group: SignetCommand): void {
  orApi(listOf(group))
    .output()
    .description('List access keys with their last use, without secrets')
    .option('--user <name>', 'user whose access keys are listed (default: all access keys)')
    .examples(
      'signet access-key list --account 123456789012',
      'signet access-key list --user alice --endpoint https://ca.example.com --profile ca',
    )
    .run(
      (call: Call<SourceFlags & { readonly user?: string }>) =>
        readFrom<readonly object[]>(group, call, {
          data: () => listAccessKeysOf(call.config, call.flags.account, call.flags.user),
          api: (client) => listAccessKeys(client, call.flags.user),
        }),
      { columns: listColumns, empty: 'No access keys found.' },
    )
}

function addKeyCreation(group: SignetCommand): void {
  storageCommand(group, 'create')
    .output()
    .description('Create an access key and print it. The secret is shown only once')
    .option('--account <id>', 'account of the access key (default: the oldest account)', accountId)
    .option(
      '--user <name>',
      'user that owns the access key; the command creates the user if it does not exist',
    )
    .option(
      '--policy <file>',
      "JSON file with an identity policy for this key, in addition to the user's policies",
    )
    .option(
      '--service-principal <name>',
      'service that owns the access key, if the owner is not a user: acm.amazonaws.com',
    )
    .option('--source-account <id>', 'account on whose behalf the service acts', accountId)
    .option('--source-arn <arn>', 'ARN of the resource that the service acts for')
    .examples(
      'signet access-key create --account 123456789012 --user issuer --policy issuer-policy.json',
      'signet access-key create --service-principal acm.amazonaws.com --source-account 123456789012',
    )
    .run(async ({ config, flags }: Call<AccessKeyFlags>) => {
      const { user: userName, servicePrincipal, sourceAccount, sourceArn } = flags
      if (sourceAccount !== undefined && servicePrincipal === undefined)
        throw new ConfigurationError('--source-account requires --service-principal')
      const policy = await readPolicyFile(group.context, flags.policy)
      const ownerAccount = sourceAccount ?? flags.account
      const options = { accountId: ownerAccount, userName, servicePrincipal, sourceArn, policy }
      return addAccessKey(config, options, (text) =>
        printNote(group.context.stderr, asCalled(text, group.context)),
      )
    })
}

interface KeyChange {
  readonly description: string
  readonly change: (config: Config, accessKeyId: string) => Promise<void>
  /** Start of the confirmation message, such as `Disabled access key`. */
  readonly done: string
}

function addKeyChange(
  group: SignetCommand,
  name: string,
  { description, change, done }: KeyChange,
): void {
  storageCommand(group, name)
    .description(description)
    .argument('[access-key-id]')
    .option('--access-key-id <id>', 'access key ID, as an alternative to the argument')
    .examples(`signet access-key ${name} AKIAIOSFODNN7EXAMPLE`)
    .run(
      async ({ config, flags }: Call<Flags & { readonly accessKeyId?: string }>, id?: string) => {
        const accessKeyId = onlyOne('access key ID', id, flags.accessKeyId)
        await change(config, accessKeyId)
        printDone(group.context, `${done} ${accessKeyId}. The change takes effect within a second.`)
      },
    )
}
