import type { Command } from 'commander'
import { tagsOf } from '../../admin-commands/principal-options.ts'
import { addUser, listAllUsers, removeUser, showUser, tagUser } from '../../admin-commands/users.ts'
import { listUsers } from '../../client-commands/principals.ts'
import type { Flags } from '../../settings/config.ts'
import type { CommandContext } from '../shared/context.ts'
import { orApi, readFrom, type SourceFlags } from '../shared/data-or-api.ts'
import { printPrincipal } from '../shared/print-principal.ts'
import { listOf, ofAccount, SignetCommand, withTags, type Call } from '../shared/signet-command.ts'
import { dayText, lastUseText, tagsText, type Column } from '../shared/table.ts'

type UserFlags = Flags & { readonly tag?: readonly string[] }

const listColumns: readonly Column[] = [
  { key: 'UserName', header: 'USER' },
  { key: 'AccountId', header: 'ACCOUNT', shrink: 'never' },
  { key: 'PolicyCount', header: 'POLICIES', shrink: 'never' },
  { key: 'AccessKeyCount', header: 'KEYS', shrink: 'never' },
  { key: 'CreateDate', header: 'CREATED', shrink: 'never', text: dayText('CreateDate') },
  { key: 'LastUsedDate', header: 'LAST USED', shrink: 'never', text: lastUseText },
  { key: 'Tags', wide: true, text: tagsText },
  { key: 'UserId', wide: true },
  { key: 'Arn', wide: true },
]

export function userCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'user')
  group.description('Manage users')
  withTags(ofAccount(group, 'create').output())
    .description('Create a user')
    .argument('<name>')
    .examples('signet user create alice --tag team=web')
    .run(
      ({ config, flags }: Call<UserFlags>, userName: string) =>
        addUser(config, { accountId: flags.account, userName }, tagsOf(flags.tag ?? [])),
      {
        next: (name) => [
          `signet access-key create --user ${name} --policy policy.json`,
          `signet policy put --user ${name} --name NAME --policy policy.json`,
        ],
      },
    )
  orApi(listOf(group))
    .output()
    .description('List users')
    .examples('signet user list', 'signet user list --endpoint https://ca.example.com --profile ca')
    .run(
      (call: Call<SourceFlags>) =>
        readFrom<readonly object[]>(group, call, {
          data: () => listAllUsers(call.config, call.flags.account),
          api: listUsers,
        }),
      { columns: listColumns, empty: 'No users found.' },
    )
  orApi(ofAccount(group, 'show'))
    .output()
    .description('Show a user with its policies and access keys, without secrets')
    .argument('<name>')
    .examples('signet user show alice')
    .run(async (call: Call<SourceFlags>, userName: string) =>
      printPrincipal(
        context,
        call.flags,
        await readFrom<object>(group, call, {
          data: () => showUser(call.config, { accountId: call.flags.account, userName }),
          api: async (client) => (await client.getUser({ UserName: userName })).User,
        }),
      ),
    )
  withTags(ofAccount(group, 'tag'))
    .description('Replace the tags of a user')
    .argument('<name>')
    .examples('signet user tag alice --tag team=web --tag level=2')
    .run(
      ({ config, flags }: Call<UserFlags>, userName: string) =>
        tagUser(config, { accountId: flags.account, userName }, tagsOf(flags.tag ?? [])),
      { done: (name) => `Replaced the tags of user ${name}.` },
    )
  ofAccount(group, 'delete')
    .description('Delete a user and its policies. The user must not have access keys')
    .argument('<name>')
    .examples('signet user delete alice')
    .run(
      ({ config, flags }, userName: string) =>
        removeUser(config, { accountId: flags.account, userName }),
      { done: (name) => `Deleted user ${name}.` },
    )
  return group
}
