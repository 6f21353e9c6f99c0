import type { Command } from 'commander'
import { tagsOf } from '../../admin-commands/principal-options.ts'
import {
  addRole,
  changeRole,
  listAllRoles,
  removeRole,
  type RoleOptions,
} from '../../admin-commands/roles.ts'
import type { Flags } from '../../settings/config.ts'
import { seconds } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { readPolicyFile } from '../shared/policy-file.ts'
import { listOf, ofAccount, SignetCommand, withTags, type Call } from '../shared/signet-command.ts'

type RoleFlags = Flags & {
  readonly tag?: readonly string[]
  readonly trustPolicy?: string
  readonly maxSession?: number
}

export function roleCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'role')
  group.description('roles, which others take on for a while')
  withRoleOptions(ofAccount(group, 'create').output(), true)
    .description('create a role')
    .argument('<name>')
    .examples('signet role create issuer --trust-policy trust.json')
    .run(async ({ config, flags }: Call<RoleFlags>, roleName: string) => {
      const { trustPolicy = '', ...options } = await roleOptionsOf(context, flags)
      const name = { accountId: flags.account, roleName }
      return addRole(config, name, { ...options, trustPolicy })
    })
  listOf(group)
    .output()
    .description('list roles')
    .examples('signet role list')
    .run(({ config, flags }) => listAllRoles(config, flags.account))
  withRoleOptions(ofAccount(group, 'update'), false)
    .description('change a role; what is not said stays')
    .argument('<name>')
    .examples('signet role update issuer --max-session 7200')
    .run(async ({ config, flags }: Call<RoleFlags>, roleName: string) => {
      const name = { accountId: flags.account, roleName }
      return changeRole(config, name, await roleOptionsOf(context, flags))
    })
  ofAccount(group, 'delete')
    .description('delete a role with its policies; its sessions end')
    .argument('<name>')
    .examples('signet role delete issuer')
    .run(({ config, flags }, roleName: string) =>
      removeRole(config, { accountId: flags.account, roleName }),
    )
  return group
}

function withRoleOptions(command: SignetCommand, isNew: boolean): SignetCommand {
  const trust = ['--trust-policy <file>', 'JSON policy that says who may take it on'] as const
  return withTags(
    (isNew ? command.requiredOption(...trust) : command.option(...trust)).option(
      '--max-session <time>',
      'longest life of a session, 1h to 12h, or seconds',
      seconds,
    ),
  )
}

async function roleOptionsOf(context: CommandContext, flags: RoleFlags): Promise<RoleOptions> {
  const { maxSession, tag } = flags
  const trustPolicy = await readPolicyFile(context, flags.trustPolicy, 'trust')
  return {
    ...(trustPolicy !== undefined && { trustPolicy }),
    ...(maxSession !== undefined && { sessionSecondsMax: maxSession }),
    ...(tag !== undefined && { tags: tagsOf(tag) }),
  }
}
