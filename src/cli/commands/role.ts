/** `signet role …`. */
import { Command } from 'commander'
import { tagsOf } from '../../admin-commands/principal-options.ts'
import {
  addRole,
  changeRole,
  listAllRoles,
  removeRole,
  type RoleOptions,
} from '../../admin-commands/roles.ts'
import type { Flags } from '../../settings/config.ts'
import type { CommandContext } from '../shared/context.ts'
import { readPolicyFile } from '../shared/policy-file.ts'
import { printAnswer, withOutput, type OutputFlags } from '../shared/print.ts'
import { configOf, examples, listOf, ofAccount, seconds, withTags } from '../shared/config-flags.ts'

type RoleFlags = Flags &
  OutputFlags & {
    readonly tag?: readonly string[]
    readonly trustPolicy?: string
    readonly maxSession?: number
  }

export function roleCommand(context: CommandContext): Command {
  const group = new Command('role').description('roles, which others take on for a while')
  withRoleOptions(withOutput(ofAccount(group, 'create')), true)
    .description('create a role')
    .argument('<name>')
    .addHelpText('after', examples('signet role create issuer --trust-policy trust.json'))
    .action(async (roleName: string, flags: RoleFlags) => {
      const { trustPolicy = '', ...options } = await roleOptionsOf(context, flags)
      const name = { accountId: flags.account, roleName }
      printAnswer(
        context,
        flags,
        await addRole(configOf(context, flags), name, { ...options, trustPolicy }),
      )
    })
  withOutput(listOf(group))
    .description('list roles')
    .addHelpText('after', examples('signet role list'))
    .action(async (flags: RoleFlags) =>
      printAnswer(context, flags, await listAllRoles(configOf(context, flags), flags.account)),
    )
  withRoleOptions(ofAccount(group, 'update'), false)
    .description('change a role; what is not said stays')
    .argument('<name>')
    .addHelpText('after', examples('signet role update issuer --max-session 7200'))
    .action(async (roleName: string, flags: RoleFlags) =>
      changeRole(
        configOf(context, flags),
        { accountId: flags.account, roleName },
        await roleOptionsOf(context, flags),
      ),
    )
  ofAccount(group, 'delete')
    .description('delete a role with its policies; its sessions end')
    .argument('<name>')
    .addHelpText('after', examples('signet role delete issuer'))
    .action((roleName: string, flags: RoleFlags) =>
      removeRole(configOf(context, flags), { accountId: flags.account, roleName }),
    )
  return group.helpCommand(false)
}

function withRoleOptions(command: Command, isNew: boolean): Command {
  const trust = ['--trust-policy <file>', 'JSON policy that says who may take it on'] as const
  return withTags(
    (isNew ? command.requiredOption(...trust) : command.option(...trust)).option(
      '--max-session <time>',
      'longest life of a session, 1h to 12h, or seconds',
      seconds,
    ),
  )
}

async function roleOptionsOf(
  context: CommandContext,
  { trustPolicy, maxSession, tag }: RoleFlags,
): Promise<RoleOptions> {
  const policy = await readPolicyFile(context, trustPolicy, {
    flag: '--trust-policy',
    kind: 'trust',
  })
  return {
    ...(policy !== undefined && { trustPolicy: policy }),
    ...(maxSession !== undefined && { sessionSecondsMax: maxSession }),
    ...(tag !== undefined && { tags: tagsOf(tag) }),
  }
}
