import type { Command } from 'commander'
import { tagsOf } from '../../admin-commands/principal-options.ts'
import { addUser, listAllUsers, removeUser, tagUser } from '../../admin-commands/users.ts'
import type { Flags } from '../../settings/config.ts'
import type { CommandContext } from '../shared/context.ts'
import { listOf, ofAccount, SignetCommand, withTags, type Call } from '../shared/signet-command.ts'

type UserFlags = Flags & { readonly tag?: readonly string[] }

export function userCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'user')
  group.description('users, which access keys are for')
  withTags(ofAccount(group, 'create').output())
    .description('create a user')
    .argument('<name>')
    .examples('signet user create alice --tag team=web')
    .run(({ config, flags }: Call<UserFlags>, userName: string) =>
      addUser(config, { accountId: flags.account, userName }, tagsOf(flags.tag ?? [])),
    )
  listOf(group)
    .output()
    .description('list users')
    .examples('signet user list --output table')
    .run(({ config, flags }) => listAllUsers(config, flags.account))
  withTags(ofAccount(group, 'tag'))
    .description('replace the tags of a user')
    .argument('<name>')
    .examples('signet user tag alice --tag team=web --tag level=2')
    .run(({ config, flags }: Call<UserFlags>, userName: string) =>
      tagUser(config, { accountId: flags.account, userName }, tagsOf(flags.tag ?? [])),
    )
  ofAccount(group, 'delete')
    .description('delete a user that has no access keys, with its policies')
    .argument('<name>')
    .examples('signet user delete alice')
    .run(({ config, flags }, userName: string) =>
      removeUser(config, { accountId: flags.account, userName }),
    )
  return group
}
