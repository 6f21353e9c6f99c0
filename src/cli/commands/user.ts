/** `signet user …`. */
import { Command } from 'commander'
import { tagsOf } from '../../admin-commands/principal-options.ts'
import { addUser, listAllUsers, removeUser, tagUser } from '../../admin-commands/users.ts'
import type { Flags } from '../../settings/config.ts'
import type { CommandContext } from '../shared/context.ts'
import { configOf, examples, listOf, ofAccount, withTags } from '../shared/config-flags.ts'
import { printAnswer, withOutput, type OutputFlags } from '../shared/print.ts'

type UserFlags = Flags & OutputFlags & { readonly tag?: readonly string[] }

export function userCommand(context: CommandContext): Command {
  const group = new Command('user').description('users, which access keys are for')
  withTags(withOutput(ofAccount(group, 'create')))
    .description('create a user')
    .argument('<name>')
    .addHelpText('after', examples('signet user create alice --tag team=web'))
    .action(async (userName: string, flags: UserFlags) => {
      const name = { accountId: flags.account, userName }
      printAnswer(
        context,
        flags,
        await addUser(configOf(context, flags), name, tagsOf(flags.tag ?? [])),
      )
    })
  withOutput(listOf(group))
    .description('list users')
    .addHelpText('after', examples('signet user list --output table'))
    .action(async (flags: UserFlags) =>
      printAnswer(context, flags, await listAllUsers(configOf(context, flags), flags.account)),
    )
  withTags(ofAccount(group, 'tag'))
    .description('replace the tags of a user')
    .argument('<name>')
    .addHelpText('after', examples('signet user tag alice --tag team=web --tag level=2'))
    .action((userName: string, flags: UserFlags) => {
      const name = { accountId: flags.account, userName }
      return tagUser(configOf(context, flags), name, tagsOf(flags.tag ?? []))
    })
  ofAccount(group, 'delete')
    .description('delete a user that has no access keys, with its policies')
    .argument('<name>')
    .addHelpText('after', examples('signet user delete alice'))
    .action((userName: string, flags: UserFlags) =>
      removeUser(configOf(context, flags), { accountId: flags.account, userName }),
    )
  return group.helpCommand(false)
}
