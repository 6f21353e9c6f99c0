import type { Command } from 'commander'
import { tagsOf } from '../../admin-commands/principal-options.ts'
import { addUser, listAllUsers, removeUser, tagUser } from '../../admin-commands/users.ts'
import type { Flags } from '../../settings/config.ts'
import type { CommandContext } from '../shared/context.ts'
import { listOf, ofAccount, SignetCommand, withTags, type Call } from '../shared/signet-command.ts'

type UserFlags = Flags & { readonly tag?: readonly string[] }

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
  listOf(group)
    .output()
    .description('List users')
    .examples('signet user list')
    .run(({ config, flags }) => listAllUsers(config, flags.account))
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
